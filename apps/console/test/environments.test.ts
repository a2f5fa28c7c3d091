import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debian, host, systemClock } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutput } from "../src/cli/output.ts";
import { ops } from "../src/index.ts";
import { localFolder } from "../src/platform/folder.ts";
import { inEnvironment, loadProject } from "../src/platform/load.ts";
import { listEnvironments } from "../src/verbs/env.ts";

const web = (size: "s-1vcpu-1gb" | "s-2vcpu-4gb") =>
  host("web", { on: droplet({ cloud: "local", region: "lon1", size }), os: debian("12"), has: [] });
const shop = ops(["prod", "staging"], (environment) => ({
  name: "shop",
  hosts: [web(environment === "prod" ? "s-2vcpu-4gb" : "s-1vcpu-1gb")],
}));

test("the first environment has the platform's own name, another one a name and secrets of its own", () => {
  expect(shop).toMatchObject({ name: "shop", family: "shop", environment: "prod", environments: ["prod", "staging"] });
  expect(shop).not.toHaveProperty("context");
  const staging = shop.in("staging");
  expect(staging).toMatchObject({ name: "shop-staging", family: "shop", environment: "staging", context: "staging" });
  expect(staging.hosts[0]?.on.spec).toMatchObject({ size: "s-1vcpu-1gb" });
  expect(staging.in("prod")).toMatchObject({ name: "shop", hosts: [{ on: { spec: { size: "s-2vcpu-4gb" } } }] });
});

test("a platform without environments has none, and says so", () => {
  const one = ops({ name: "shop", hosts: [web("s-1vcpu-1gb")] });
  expect(one).toMatchObject({ name: "shop", family: "shop", environments: [] });
  expect(() => one.in("staging")).toThrow("shop has no environment staging; known: none");
  expect(() => shop.in("stagin")).toThrow("known: prod, staging");
});

test("names that cannot be told apart, or be part of a tag, are refused", () => {
  const of = () => ({ name: "shop", hosts: [web("s-1vcpu-1gb")] });
  for (const names of [["prod", "prod"], ["Prod"], ["a/b"], ["prod", ""]] as const)
    expect(() => ops(names, of)).toThrow(expect.objectContaining({ code: "ops.environments", exitCode: 2 }));
  // @ts-expect-error at least one
  expect(() => ops([], of)).toThrow(expect.objectContaining({ code: "ops.environments" }));
  // @ts-expect-error "dev" is none of them
  ops(["prod", "staging"], (environment) => ({ ...of(), context: environment === "dev" ? "a" : "b" }));
});

test("keys and caches are shared; what tells of machines is each environment's own", () => {
  const [prod, staging] = [localFolder("/p/.slipway", shop), localFolder("/p/.slipway", shop.in("staging"))];
  expect(prod.root).toBe("/p/.slipway");
  expect(staging).toMatchObject({
    root: "/p/.slipway/env/staging",
    sshConfig: "/p/.slipway/env/staging/ssh_config",
    knownHosts: "/p/.slipway/env/staging/known_hosts",
    configRuns: "/p/.slipway/env/staging/config-runs.json",
  });
  for (const name of ["keys", "operatorKey", "cache", "vaultSeen", "lock"] as const)
    expect(staging[name]).toBe(prod[name]);
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, ".environments-"));
  await writeFile(
    join(folder, "ops.config.ts"),
    `import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { existing } from "@slipway/console";
const on = existing({ address: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" });
export default ops(["prod", "staging", "broken"], (environment) => {
  if (environment === "broken") throw new Error("no such thing");
  return { name: "shop", hosts: [host("web", { on, os: debian("12"), has: [] })] };
});
`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a project is loaded in the environment that is asked for", { timeout: 60_000 }, async () => {
  const load = (env?: string) => loadProject({ cwd: folder, ...(env === undefined ? {} : { env }) });
  expect((await load()).platform.name).toBe("shop");
  expect((await load("staging")).platform.name).toBe("shop-staging");
  await expect(load("nowhere")).rejects.toMatchObject({ code: "ops.unknown-env", exitCode: 2 });
  const broken = { code: "ops.config-failed", message: "ops.config.ts:6:39 no such thing", exitCode: 2 };
  await expect(load("broken")).rejects.toMatchObject(broken);
  const project = await load();
  expect(() => inEnvironment(project, "broken")).toThrow(expect.objectContaining(broken));
  const out = createOutput({ json: true, quiet: true });
  const context = { out, clock: systemClock, signal: new AbortController().signal, cwd: folder, yes: false };
  await expect(listEnvironments(context)).rejects.toMatchObject(broken);
});
