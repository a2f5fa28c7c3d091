import { execFileSync } from "node:child_process";
import type { LocalCloud } from "../../src/local/cloud.ts";

export interface Said {
  readonly status: number;
  /** Of the JSON body; empty without one. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A raw call of the API, as other clients make it; on a connection of its own, as the server closes idle ones after seconds. */
export async function say(cloud: LocalCloud, method: string, path: string, body?: object): Promise<Said> {
  const response = await fetch(`${cloud.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${cloud.token}`, "content-type": "application/json", connection: "close" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Said["body"]) };
}

/** What `key` of a body holds, as an object. */
export const part = (said: Said, key: string): Readonly<Record<string, unknown>> =>
  said.body[key] as Readonly<Record<string, unknown>>;

/** Runs a script for sh in the only container with this label, and gives what it printed. */
export function inContainer(label: string, script: string): string {
  const id = execFileSync("docker", ["ps", "-q", "--filter", `label=${label}`], { encoding: "utf8" }).trim();
  return execFileSync("docker", ["exec", id, "sh", "-c", script], { encoding: "utf8" }).trim();
}
