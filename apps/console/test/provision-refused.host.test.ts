import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type LocalCloud, startLocalCloud } from "@slipway/provision/local/cloud";
import { noLimits } from "@slipway/provision/local/limits";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Ran, runOps } from "./run-ops.ts";

// What stands in the way of a platform with a token, from the command line: one error, with its own exit code. No machine is made but two bare ones.

let folder = "";
let cloud: LocalCloud;
const name = `no-${process.pid}`;
const elsewhere: Record<string, string | undefined> = { SLIPWAY_CLOUD_URL: process.env["SLIPWAY_CLOUD_URL"] };
const ops = (words: readonly string[], input?: string): Promise<Ran> => runOps(folder, words, input);
const useToken = async (token: string): Promise<void> => {
  expect(await ops(["secrets", "set", "digitalocean.token"], token)).toMatchObject({ status: 0 });
};

const web = 'host("web", { on: droplet({ token, region: "lon1", size: "s-1vcpu-1gb" }), os, has: [] })';
const config = (hosts: string, resources = ""): Promise<void> =>
  writeFile(
    join(folder, "ops.config.ts"),
    `import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import * as provision from "@slipway/provision";
import { droplet } from "@slipway/provision/digitalocean";
import { vault } from "@slipway/trust";
const { domain, project, record, volume } = provision;
void [domain, project, record, volume];
const token = vault(["digitalocean.token"])("digitalocean.token");
const os = debian("12");
const web = ${web};
export default ops({ name: "${name}", hosts: [web${hosts}], resources: [${resources}] });
`,
  );

const say = async (method: string, path: string, body?: object): Promise<Record<string, object>> => {
  const response = await fetch(`${cloud.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${cloud.token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path}`).toBe(true);
  return response.status === 204 ? {} : ((await response.json()) as Record<string, object>);
};

/** The one error of a run: its code, message and exit code. Something to do is said with it. */
async function refused(...words: readonly string[]): Promise<readonly [number | null, string, string]> {
  const ran = await ops([...words, "--json"]);
  const { ok, error } = JSON.parse(ran.stdout) as {
    ok: boolean;
    error: { readonly code: string; readonly message: string; readonly hint: string };
  };
  expect([ok, error.hint === ""]).toEqual([false, false]);
  expect(ran.stderr).toContain(error.code);
  expect(ran.stderr + ran.stdout).not.toContain(cloud.token);
  return [ran.status, error.code, error.message];
}
/** The same by a plan and by doing it. */
async function bothRefused(...words: readonly string[]): Promise<readonly [number | null, string, string]> {
  const [exit, code, message] = await refused("provision", "plan", ...words);
  expect(await refused("provision", "--yes", ...words)).toEqual([exit, code, expect.any(String)]);
  return [exit, code, message];
}

beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, ".refused-"));
  cloud = await startLocalCloud({ name, limits: noLimits });
  process.env["SLIPWAY_CLOUD_URL"] = cloud.url;
  await config("");
});
afterEach(() => config(""));
afterAll(async () => {
  if (elsewhere["SLIPWAY_CLOUD_URL"] === undefined) delete process.env["SLIPWAY_CLOUD_URL"];
  else process.env["SLIPWAY_CLOUD_URL"] = elsewhere["SLIPWAY_CLOUD_URL"];
  await ops(["cloud", "remove", name, "--confirm", name]);
  await cloud[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("a wrong token, then none that answers", async () => {
  await useToken("dop_v1_wrong");
  expect(await bothRefused()).toEqual([1, "token.refused", expect.stringContaining("401")]);
  await useToken(cloud.token);
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  silent.close();
  process.env["SLIPWAY_CLOUD_URL"] = `http://127.0.0.1:${port}`;
  expect(await refused("provision", "plan")).toEqual([
    1,
    "network.none",
    expect.stringContaining(`127.0.0.1:${port} cannot be reached: ECONNREFUSED`),
  ]);
  process.env["SLIPWAY_CLOUD_URL"] = cloud.url;
});

test("an unknown size, region and image, all at once", async () => {
  await config(`,
    host("a", { on: droplet({ token, region: "lon1", size: "s-99vcpu-1gb" }), os, has: [] }),
    host("b", { on: droplet({ token, region: "moon1" as "lon1", size: "s-1vcpu-1gb" }), os, has: [] }),
    host("c", { on: droplet({ token, region: "lon1", size: "s-1vcpu-1gb", image: "plan9" }), os, has: [] })`);
  const [exit, code, message] = await refused("provision", "--yes");
  expect([exit, code]).toEqual([1, "ops.plan-problems"]);
  for (const what of ["size s-99vcpu-1gb", "region moon1", "image plan9"])
    expect(message).toContain(`there is no ${what}`);
});

test("more machines than the account may have", async () => {
  await config(`,
    ...Array.from({ length: 25 }, (_, at) => host(\`m\${at}\`, { on: web.on, os, has: [] }))`);
  expect(await refused("provision", "--yes")).toEqual([
    1,
    "ops.plan-problems",
    expect.stringContaining("may have 25 machines and has 0"),
  ]);
});

test("names that somebody else's things have", async () => {
  await say("POST", "/v2/volumes", { name: `${name}-data`, region: "lon1", size_gigabytes: 1 });
  await say("POST", "/v2/projects", { name, purpose: "x" });
  await say("POST", "/v2/domains", { name: `${name}.example` });
  await say("POST", `/v2/domains/${name}.example/records`, { type: "A", name: "www", data: "192.0.2.1" });
  await config(
    "",
    `volume("data", { on: web, gigabytes: 1 }), project("${name}", { environment: "Staging" }),
     domain("${name}.example", { records: [record.a("www", "192.0.2.2")] })`,
  );
  const [exit, code, message] = await refused("provision", "--yes");
  expect([exit, code]).toEqual([1, "ops.plan-problems"]);
  expect(message).toContain("volume data: the name is taken");
  expect(message).toContain(`project ${name}: the name is taken`);
  expect(message).toContain("record www A");
});

test("a plan that another operator made stale", async () => {
  expect(await ops(["provision", "plan", "--out", "next.plan"])).toMatchObject({ status: 0 });
  const tags = [`slipway:stack:${name}`, "slipway:volume:old"];
  const made = await say("POST", "/v2/volumes", { name: `${name}-old`, region: "lon1", size_gigabytes: 1, tags });
  const { id } = made["volume"] as { id: string };
  expect(await refused("provision", "apply", "next.plan")).toEqual([5, "plan.stale", expect.any(String)]);
  // It is told, too: nothing asks for it.
  const told = await ops(["provision", "plan"]);
  expect(told).toMatchObject({ status: 0, stdout: expect.stringContaining("unlisted volume old") });
  await say("DELETE", `/v2/volumes/${id}`);
});

test("something that is protected and would go", async () => {
  const tags = [`slipway:stack:${name}`, "slipway:volume:safe", "slipway:protected"];
  await say("POST", "/v2/volumes", { name: `${name}-safe`, region: "lon1", size_gigabytes: 1, tags });
  const told = expect.stringContaining("volume safe is protected") as string;
  expect(await bothRefused("--unlisted", "destroy")).toEqual([5, "ops.protected", told]);
  const saved = await refused("provision", "plan", "--unlisted", "destroy", "--out", "no.plan");
  expect([saved, existsSync(join(folder, "no.plan"))]).toEqual([[5, "ops.protected", told], false]);
  expect(await refused("provision", "destroy", "--confirm", name)).toEqual([5, "ops.protected", told]);
});

test("two machines of one host", async () => {
  const tags = [`slipway:stack:${name}`, "slipway:host:web"];
  const shape = { region: "lon1", size: "s-1vcpu-512mb-10gb", image: "debian-12-x64" };
  await say("POST", "/v2/droplets", { names: ["one", "two"], ...shape, tags });
  const [exit, code, message] = await refused("provision", "--yes");
  expect([exit, code]).toEqual([1, "ops.plan-problems"]);
  expect(message).toMatch(/2 machines carry the tag of host web \(\d+, \d+\); destroy all but one/);
  // Nor is that the same as no drift.
  const drift = await ops(["provision", "drift", "--json", "--detailed-exit-code"]);
  expect([drift.status, JSON.parse(drift.stdout)]).toEqual([0, expect.objectContaining({ problems: [message] })]);
});
