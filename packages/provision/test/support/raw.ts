import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { engineAt } from "../../src/local/engine.ts";

interface Told {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers of an API as other clients see them
  readonly body: any;
}

/** Calls of the API as other clients make them. */
export interface Raw {
  get(path: string): Promise<Told>;
  post(path: string, body?: object): Promise<Told>;
  send(method: string, path: string, init?: { body?: object; headers?: Record<string, string> }): Promise<Told>;
  /** Begins an action of a droplet and waits for its end; gives that. */
  act(droplet: number, body: object): Promise<string>;
  /** Waits until the answer to a GET passes. */
  until(path: string, passes: (body: Told["body"]) => boolean): Promise<Told["body"]>;
}

export function rawClient(cloud: { readonly url: string; readonly token: string }): Raw {
  const send: Raw["send"] = async (method, path, init = {}) => {
    const response = await fetch(`${cloud.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${cloud.token}`, "content-type": "application/json", ...init.headers },
      ...(init.body && { body: JSON.stringify(init.body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
  };
  const until: Raw["until"] = async (path, passes) => {
    for (;;) {
      const { body } = await send("GET", path);
      if (passes(body)) return body;
    }
  };
  return {
    send,
    until,
    get: (path) => send("GET", path),
    post: (path, body) => send("POST", path, body && { body }),
    async act(droplet, body) {
      const begun = await send("POST", `/v2/droplets/${droplet}/actions`, { body });
      if (begun.status !== 201) throw new Error(`${begun.status} ${begun.body.message}`);
      const ended = await until(`/v2/actions/${begun.body.action.id}`, ({ action }) => action.status !== "in-progress");
      return ended.action.status;
    },
  };
}

const run = promisify(execFile);

/** What a script prints on a droplet, past sshd; waits for the first boot. */
export async function saidOn(cloud: string, droplet: number, script: string): Promise<string> {
  const [container = ""] = await containersOf(cloud, droplet);
  const whole = `cloud-init status --wait >/dev/null; ${script}`;
  return (await run("docker", ["exec", container, "sh", "-c", whole])).stdout.trim();
}

/** The containers of a droplet. */
export async function containersOf(cloud: string, droplet: number): Promise<string[]> {
  const label = [`slipway.cloud=${cloud}`, `slipway.droplet=${droplet}`];
  const seen = await engineAt().call("GET", "/containers/json", { query: { all: true, filters: { label } } });
  return (seen.json() as { Id: string }[]).map(({ Id }) => Id);
}

/** How many images the engine holds of a cloud, halves and deleted ones too. */
export async function imagesOf(cloud: string): Promise<number> {
  const filters = { label: [`slipway.cloud=${cloud}`] };
  const query = { all: true, filters };
  return ((await engineAt().call("GET", "/images/json", { query })).json() as unknown[]).length;
}
