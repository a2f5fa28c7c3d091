import type { FrontOptions } from "../front.ts";
import type { Tally } from "../support.ts";

export interface Patience {
  /** What counts begin with, such as `control: `. */
  phase: string;
  /** For a front before the cloud. */
  readonly watching: FrontOptions;
  /** How a client asks through that front. */
  readonly asks: (url: string, init: RequestInit) => Promise<Response>;
}

const sentAt = "x-trial-sent";

/** Counts requests and answers, and requests that went out while nothing may be asked, as the client knew. */
export function patience(tally: Tally): Patience {
  /** Until when nothing may be asked, and since when the client knows it: what it sent before was on its way. */
  let quiet = { until: 0, heard: Number.POSITIVE_INFINITY };
  const self: Patience = {
    phase: "",
    watching: {
      before({ method, path, headers }) {
        const now = performance.now();
        tally.add(`${self.phase}requests: ${method}`);
        if (now >= quiet.until) return true;
        const knew = Number(headers[sentAt]) > quiet.heard;
        if (knew && self.phase === "")
          process.stderr.write(
            `${method} ${path} sent ${Number(headers[sentAt]) - quiet.heard} ms after 429 was heard\n`,
          );
        tally.add(`${self.phase}${knew ? "requests within retry-after" : "on its way as 429 was said"}`);
        return true;
      },
      after(_, { status, retryAfterSeconds }) {
        if (status >= 400) tally.add(`${self.phase}answers: ${status}`);
        if (status !== 429) return true;
        const now = performance.now();
        // An answer to one that was on its way tells the rest of the same time.
        const { heard } = now < quiet.until ? quiet : { heard: Number.POSITIVE_INFINITY };
        quiet = { until: Math.max(quiet.until, now + retryAfterSeconds * 1_000), heard };
        return true;
      },
    },
    async asks(url, init) {
      const headers = new Headers(init.headers);
      headers.set(sentAt, String(performance.now()));
      const response = await fetch(url, { ...init, headers });
      if (response.status === 429) quiet.heard = Math.min(quiet.heard, performance.now());
      return response;
    },
  };
  return self;
}

/** The control: who asks again at once, and does not look, makes machines twice and asks when nothing may be asked. */
export async function control(by: {
  readonly tally: Tally;
  readonly patience: Patience;
  readonly url: string;
  readonly token: string;
  /** How many machines with these tags, as the cloud notes them, were ever made. */
  readonly made: (tags: string) => number;
  readonly remove: (tag: string) => Promise<void>;
}): Promise<void> {
  const { tally, patience } = by;
  patience.phase = "control: ";
  const caught = (): boolean =>
    ["made twice", "requests within retry-after"].every((name) => tally.count(patience.phase + name) > 0);
  for (let index = 1; index <= 200 && !caught(); index += 1) {
    const name = `c${index}`;
    const body = JSON.stringify({ name, region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", tags: [name] });
    const headers = { authorization: `Bearer ${by.token}`, "content-type": "application/json" };
    const post = async (): Promise<number> =>
      (await patience.asks(`${by.url}/v2/droplets`, { method: "POST", headers, body }).catch(() => undefined))
        ?.status ?? 0;
    while ((await post()) !== 202);
    if (by.made(`["${name}"]`) > 1) tally.add(`${patience.phase}made twice`);
    await by.remove(name);
  }
  if (!caught()) tally.add("the control was not caught");
}
