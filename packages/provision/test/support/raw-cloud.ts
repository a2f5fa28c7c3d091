import { setTimeout } from "node:timers/promises";
import { ssh } from "@slipway/connection";
import { expect } from "vitest";
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from "../../src/local/cloud.ts";
import { engineAt } from "../../src/local/engine.ts";
import { noLimits } from "../../src/local/limits.ts";
import { generateSshKey } from "../../src/ssh-key.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
type Body = any; // oxlint-disable-line typescript/no-explicit-any

/** What a call was answered; the body is whatever the API's document says. */
export interface Answered {
  readonly status: number;
  readonly body: Body;
}

export interface Droplet {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  readonly privateAddress: string;
}

const lookMs = 50;
const login = generateSshKey("login");
const hostKey = generateSshKey("host");

/** A local cloud as other programs use it: by raw calls. */
export async function api(options: LocalCloudOptions) {
  const failures: unknown[] = [];
  const whole = { limits: noLimits, ...options, onFailure: (error: unknown) => failures.push(error) };
  let cloud: LocalCloud = await startLocalCloud(whole);
  /** Asks until there is an answer, unless something failed behind one. */
  const until = async <T>(ask: () => Promise<T | undefined>): Promise<T> => {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      expect(failures).toEqual([]);
      // Each look asks the engine, which has a machine to start meanwhile.
      await setTimeout(lookMs);
    }
  };
  const call = async (method: string, path: string, body?: object): Promise<Answered> => {
    const response = await fetch(`${cloud.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${cloud.token}`, "content-type": "application/json", connection: "close" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
  };
  const ok = async (method: string, path: string, body?: object): Promise<Body> => {
    const { status, body: answer } = await call(method, path, body);
    expect(status, `${method} ${path}: ${JSON.stringify(answer)}`).toBeLessThan(300);
    return answer;
  };
  const message = async (status: number, method: string, path: string, body?: object): Promise<string> => {
    const answered = await call(method, path, body);
    expect(answered).toMatchObject({ status, body: { message: expect.any(String) } });
    return answered.body.message;
  };
  /** Waits until an action has ended. */
  const ended = (action: { id: number }): Promise<string> =>
    until(async () => {
      const { status } = (await ok("GET", `/v2/actions/${action.id}`)).action;
      return status === "in-progress" ? undefined : status;
    });
  const create = async (name: string, more: object = {}): Promise<Droplet> => {
    const { droplet } = await ok("POST", "/v2/droplets", {
      name,
      region: "lon1",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
      user_data: `#cloud-config\n${JSON.stringify({
        ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
        ssh_authorized_keys: [login.publicKey],
      })}`,
      ...more,
    });
    return until(async () => {
      const { v4 } = (await ok("GET", `/v2/droplets/${droplet.id}`)).droplet.networks;
      const of = (type: string): string => v4.find((one: { type: string }) => one.type === type)?.ip_address;
      if (v4.length === 0) return undefined;
      return { id: droplet.id, name, address: of("public"), privateAddress: of("private") };
    });
  };
  /** What a script says on a droplet, over SSH at its public address, where it may still be booting. */
  const said = async (droplet: { address: string }, script: string, waitMs = 30_000): Promise<string> => {
    const { address } = droplet;
    await using connection = await ssh(
      { host: address, address, port: 22, user: "root", hostKeys: [hostKey.sha256] },
      { privateKey: login.privateKey },
      { waitMs },
    );
    return (await connection.exec(["sh", "-c", script])).stdout.trim();
  };
  return {
    call,
    ok,
    message,
    until,
    ended,
    create,
    said,
    /** Ends the server and starts another one of the same cloud. */
    restart: async () => {
      await cloud[Symbol.asyncDispose]();
      cloud = await startLocalCloud(whole);
    },
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}
export type Api = Awaited<ReturnType<typeof api>>;

/** Runs a command in a droplet by its engine, past its network. */
export async function inside(cloud: string, droplet: { id: number }, command: readonly string[]): Promise<number> {
  const engine = engineAt();
  const filters = { label: [`slipway.cloud=${cloud}`, `slipway.droplet=${droplet.id}`] };
  const [found] = (await engine.call("GET", "/containers/json", { query: { all: true, filters } })).json() as {
    Id: string;
  }[];
  const made = await engine.call("POST", `/containers/${found?.Id}/exec`, {
    body: { Cmd: command, AttachStdout: true, AttachStderr: true },
  });
  const { Id } = made.json() as { Id: string };
  await engine.call("POST", `/exec/${Id}/start`, { body: { Detach: false, Tty: false } });
  return ((await engine.call("GET", `/exec/${Id}/json`)).json() as { ExitCode: number }).ExitCode;
}
