import { execFile } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { engineAt } from "../../src/local/engine.ts";

/** What tests look at of answers; which of it is there depends on the call. */
interface Body {
  readonly message: string;
  readonly meta: { readonly total: number };
  readonly completed_at: string | undefined;
  readonly droplet: SeenDroplet | undefined;
  readonly action: SeenAction | undefined;
  readonly actions: readonly SeenAction[];
  readonly snapshot: Named;
  readonly snapshots: readonly Named[];
  readonly volumes: readonly Named[];
  readonly image: Named & { readonly status: string };
  readonly images: readonly (Named & { readonly status: string })[];
}
interface Named {
  readonly id: number | string;
  readonly name: string;
  readonly regions: readonly string[];
}
interface SeenAction {
  readonly id: number;
  readonly status: string;
}
interface SeenDroplet {
  readonly id: number;
  readonly status: string;
  readonly features: readonly string[];
  readonly snapshot_ids: readonly number[];
  readonly image: object;
  readonly next_backup_window: { readonly start: string };
  readonly networks: { readonly v4: readonly { readonly ip_address: string }[] };
}
interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Calls of the API as other clients make them. */
export interface Raw {
  get(path: string): Promise<Told>;
  post(path: string, body?: object): Promise<Told>;
  send(method: string, path: string, init?: { body?: object; headers?: Record<string, string> }): Promise<Told>;
  /** Begins an action of a droplet and waits for its end; gives that. */
  act(droplet: number, body: object): Promise<string>;
  /** Waits until a droplet has a status; gives it. */
  becomes(droplet: number, status: string): Promise<SeenDroplet>;
  /** A droplet as it is. */
  droplet(id: number): Promise<SeenDroplet>;
  /** Waits until the answer to a GET passes. */
  until(path: string, passes: (body: Told["body"]) => boolean): Promise<Told["body"]>;
}

const lookMs = 50;

export function rawClient(cloud: { readonly url: string; readonly token: string }): Raw {
  const send: Raw["send"] = async (method, path, init = {}) => {
    const response = await fetch(`${cloud.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${cloud.token}`,
        "content-type": "application/json",
        connection: "close",
        ...init.headers,
      },
      ...(init.body && { body: JSON.stringify(init.body) }),
    });
    const text = await response.text();
    const body = JSON.parse(text === "" ? "{}" : text) as Body;
    return { status: response.status, headers: response.headers, body };
  };
  const until: Raw["until"] = async (path, passes) => {
    for (;;) {
      const { body } = await send("GET", path);
      if (passes(body)) return body;
      // Each look asks the engine, which has a machine to start meanwhile.
      await setTimeout(lookMs);
    }
  };
  const becomes: Raw["becomes"] = async (id, status) => {
    const { droplet } = await until(`/v2/droplets/${id}`, (body) => body.droplet?.status === status);
    if (droplet === undefined) throw new Error("no droplet");
    return droplet;
  };
  return {
    send,
    becomes,
    async droplet(id) {
      const { status, body } = await send("GET", `/v2/droplets/${id}`);
      if (body.droplet === undefined) throw new Error(`${status} ${body.message}`);
      return body.droplet;
    },
    until,
    get: (path) => send("GET", path),
    post: (path, body) => send("POST", path, body && { body }),
    async act(droplet, body) {
      const begun = await send("POST", `/v2/droplets/${droplet}/actions`, { body });
      if (begun.status !== 201) throw new Error(`${begun.status} ${begun.body.message}`);
      const path = `/v2/actions/${begun.body.action?.id}`;
      const ended = await until(path, ({ action }) => action !== undefined && action.status !== "in-progress");
      return ended.action?.status ?? "";
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
