import { execFile } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Machine, startMachine } from "@slipway/machines";
import { answersSsh } from "@slipway/provision/answers-ssh";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ran, runOps, startOps } from "./run-ops.ts";

let folder = "";
let name = "";
let old: Machine;
const ops = (...words: readonly string[]): Promise<Ran> => runOps(folder, words);
const json = async <T>(...words: readonly string[]): Promise<T> => {
  const ran = await ops(...words, "--json");
  expect(ran.status, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as T;
};

/** `ops cloud` of this platform, and what a client of it sends. Disposing ends it and waits until it has ended. */
async function serve() {
  const child = startOps(folder, ["cloud", "--name", name, "--json"]);
  const closed = once(child, "close") as Promise<[number | null]>;
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { url, tokenFile } = JSON.parse(line.toString()) as { url: string; tokenFile: string };
  const authorization = `Bearer ${(await readFile(tokenFile, "utf8")).trim()}`;
  const end = async (): Promise<number | null> => {
    child.kill("SIGINT");
    return (await closed)[0];
  };
  // The next one listens at the same address: a connection that was kept would lead to the one that has ended.
  const headers = { authorization, "content-type": "application/json", connection: "close" };
  return {
    url,
    tokenFile,
    headers,
    end,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

beforeAll(async () => {
  old = await startMachine({ name: "old" });
  folder = await mkdtemp(join(import.meta.dirname, ".provision-"));
  name = `cli-${process.pid}`;
  await writeFile(
    join(folder, "ops.config.ts"),
    `import { existing, inContainer, ops, thisMachine } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
const os = debian("12");
export default ops(["prod", "staging"], (environment) => ({
  name: "${name}",
  hosts: [
    host("web", { on: droplet({ cloud: "local", region: "lon1", size: environment === "prod" ? "s-2vcpu-2gb" : "s-1vcpu-1gb" }), os, has: [] }),
    host("old", { on: existing({ address: "${old.address}", hostKey: "${old.hostKey.type} ${old.hostKey.raw}", user: "ada" }), os, has: [] }),
    host("evil", { on: existing({ address: "${old.address}", hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIALgUIuvtz9ps9SgqBTrScldc9TF5tkE8lii7pDqamKM" }), os, has: [] }),
    host("box", { on: inContainer("${old.id}"), os, has: [] }),
    host("here", { on: thisMachine, os, has: [] }),
  ],
}));
`,
  );
});
afterAll(async () => {
  await ops("cloud", "remove", name, "--confirm", name);
  await old[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("environments of one file, one made from a saved plan, are machines, files and names of their own, with the same keys", async () => {
  const { environments } = await json<{ environments: object[] }>("env", "list");
  expect(environments).toMatchObject([
    { environment: "prod", platform: name, usual: true },
    { environment: "staging", platform: `${name}-staging`, usual: false },
  ]);
  expect(await ops("--env", "stagin", "provision")).toMatchObject({ status: 2 });
  type Provisioned = { readonly machines: readonly { readonly size: string; readonly address: string }[] };
  const prod = await json<Provisioned>("provision", "--only", "web");
  // Made from a saved plan, which is for one environment and once.
  const planned = await ops("--env", "staging", "provision", "plan", "--out", "next.plan", "--only", "web");
  expect(planned.stdout).toContain("+ create   machine web  (s-1vcpu-1gb in lon1");
  expect((await stat(join(folder, "next.plan"))).mode & 0o777).toBe(0o600);
  expect(await ops("provision", "apply", "next.plan")).toMatchObject({
    status: 5,
    stderr: expect.stringContaining("ops.saved-plan-other"),
  });
  const apply = ["--env", "staging", "provision", "apply", "next.plan"] as const;
  const staging = await json<Provisioned>(...apply);
  const stale = await ops(...apply, "--json");
  expect(stale.status).toBe(5);
  expect(stale.stderr).toContain("+ create   machine web  (s-1vcpu-1gb in lon1");
  expect(JSON.parse(stale.stdout)).toMatchObject({ ok: false, error: { code: "plan.stale" } });
  await appendFile(join(folder, "next.plan"), "x");
  expect(await ops(...apply)).toMatchObject({ status: 2 });
  expect([prod.machines, staging.machines]).toMatchObject([[{ size: "s-2vcpu-2gb" }], [{ size: "s-1vcpu-1gb" }]]);
  expect(await json("provision", "--env", "prod", "--only", "web")).toMatchObject({ changes: 0 });
  expect(await ops("provision", "plan", "--out", "none.plan", "--only", "web")).toMatchObject({ status: 0 });
  expect(await ops("provision", "apply", "none.plan", "--detailed-exit-code")).toMatchObject({ status: 4 });
  const { clouds } = await json<{ clouds: { name: string; machines: object[] }[] }>("cloud", "list");
  expect(clouds.find((cloud) => cloud.name === name)?.machines).toMatchObject([
    { name: "web", status: "active", stack: name },
    { name: "web", status: "active", stack: `${name}-staging` },
  ]);
  const addressOf = async (...words: string[]) => (await ops(...words, "ssh", "web", "hostname", "-I")).stdout.trim();
  expect(await addressOf()).toContain(prod.machines[0]?.address);
  expect(await addressOf("--env", "staging")).toContain(staging.machines[0]?.address);
});

test("ops ssh passes on words, input, output and the exit code, to hosts of every kind", async () => {
  const key = await readFile(join(folder, ".slipway/keys/operator.pub"), "utf8");
  const letIn = "useradd --create-home --shell /bin/sh ada && mkdir ~ada/.ssh && cat >~ada/.ssh/authorized_keys";
  expect(await runOps(folder, ["ssh", "box", letIn], key)).toMatchObject({ status: 0 });
  const words = ["a b", "it's", "$HOME", "*", "-q", "--json", "\\x", ""];
  for (const host of ["web", "old", "box", "here"]) {
    const exact = await ops("ssh", host, "--", "printf", "<%s>", ...words);
    expect(exact, host).toMatchObject({ status: 0, stdout: words.map((word) => `<${word}>`).join("") });
    expect(await runOps(folder, ["ssh", host, "wc -c; exit 7"], "12345"), host).toMatchObject({
      status: 7,
      stdout: "5\n",
    });
    expect(await runOps(folder, ["ssh", host, "ls /none"]), host).toMatchObject({ status: 2, stdout: "" });
  }
  expect((await ops("ssh", "old", "whoami")).stdout).toBe("ada\n");
  expect(JSON.parse((await ops("ssh", "--json", "web", "echo out; echo err >&2; exit 3")).stdout)).toEqual(
    { ok: false, host: "web", status: 3, stdout: "out\n", stderr: "err\n" },
  ); // biome-ignore format: a table
  expect(await ops("ssh", "nobody")).toMatchObject({ status: 2, stderr: expect.stringContaining("ops.unknown-host") });
});

test("ops ssh refuses a host that shows another key, and says so where there is no ssh", async () => {
  const refused = await ops("ssh", "evil", "true");
  expect(refused).toMatchObject({ status: 255, stdout: "" });
  expect(refused.stderr).toContain("Host key verification failed.");
  const { PATH } = process.env;
  process.env.PATH = "/nonexistent";
  try {
    expect(await ops("ssh", "web", "true")).toMatchObject({ status: 1, stderr: expect.stringContaining("ops.no-ssh") });
  } finally {
    process.env.PATH = PATH;
  }
});

test("plain ssh works with the files of ops ssh-config, and with one line in the user's own only when asked", async () => {
  const run = promisify(execFile);
  const exported = await ops("ssh-config");
  expect(exported.stdout).toContain("Host old old.");
  await expect(stat(join(folder, ".ssh/config"))).rejects.toThrow("ENOENT");
  const files = { cwd: folder };
  expect((await run("ssh", ["-F", ".slipway/ssh_config", "web", "hostname"], files)).stdout).toBe("web\n");
  await run("scp", ["-q", "-F", ".slipway/ssh_config", "ops.config.ts", "old:copy.ts"], files);
  expect((await run("ssh", ["-F", ".slipway/ssh_config", "old", "ls"], files)).stdout).toBe("copy.ts\n");
  for (const words of [[], ["--env", "staging"], []])
    expect((await ops(...words, "ssh-config", "--include")).status).toBe(0);
  const config = await readFile(join(folder, ".ssh/config"), "utf8");
  expect(config.match(/^Include /gm)).toHaveLength(2);
  const { stdout } = await run("ssh", ["-F", ".ssh/config", `web.${name}-staging`, "hostname -I"], files);
  expect(stdout).toBe((await ops("--env", "staging", "ssh", "web", "hostname -I")).stdout);
});

test("ops provision looks at machines that are not made here, too", async () => {
  const planned = await ops("provision", "plan");
  expect(planned.status).toBe(5);
  expect(planned.stdout).toMatch(/^ {2}keep {5}host old {2}\(.*; not made here, answers with its pinned key\)$/m);
  expect(planned.stdout).toMatch(/^! problem {2}host evil .*$/m);
  const made = await ops("provision", "--json");
  expect([made.status, JSON.parse(made.stdout)]).toEqual([
    5,
    expect.objectContaining({
      ok: false,
      changes: 0,
      machines: [expect.objectContaining({ name: "web" })],
      existing: [
        expect.objectContaining({ host: "old", ok: true }),
        expect.objectContaining({ host: "evil", ok: false }),
      ],
    }),
  ]);
  expect(await ops("provision", "drift")).toMatchObject({ status: 5, stdout: expect.stringContaining("1 differ\n") });
});

test("a protected machine is not destroyed, and nothing is without the name", async () => {
  const staging = ["--env", "staging", "provision"] as const;
  const stack = `${name}-staging`;
  expect(await ops(...staging, "protect", "web")).toMatchObject({ status: 0, stdout: "1 change\n" });
  expect(await ops(...staging, "destroy", "--confirm", stack)).toMatchObject({
    status: 5,
    stderr: expect.stringContaining("ops.protected"),
  });
  expect(await ops(...staging, "unprotect", "web")).toMatchObject({ status: 0 });
  expect(await ops(...staging, "destroy", "--yes")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(stack),
  });
  expect(await ops(...staging, "destroy", "--confirm", name)).toMatchObject({ status: 2 });
  expect(await json(...staging, "destroy", "--confirm", stack)).toMatchObject({ ok: true });
  expect((await ops("ssh", "web", "hostname")).stdout).toBe("web\n");
  expect(await ops("--env", "staging", "ssh", "web", "true")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("ops.not-provisioned"),
  });
});

test("an environment is copied as it is in the cloud, not as the file has it", async () => {
  const planned = await ops("provision", "copy", "prod", "staging", "--plan");
  expect(planned, planned.stderr).toMatchObject({ status: 0 });
  expect(planned.stdout).toContain("+ create   machine web  (s-2vcpu-2gb in lon1");
  const copied = await json<{ changes: number; machines: object[] }>("provision", "copy", "prod", "staging");
  expect(copied).toMatchObject({ changes: 1, machines: [{ name: "web", size: "s-2vcpu-2gb" }] });
  expect(await json("provision", "copy", "prod", "staging")).toMatchObject({ changes: 0 });
  expect(await ops("provision", "copy", "prod", "nowhere")).toMatchObject({ status: 2 });
  expect(await ops("provision", "copy", "prod", "prod")).toMatchObject({ status: 2 });
});

test("a machine that somebody else made becomes the stack's by its id and its host key", async () => {
  const staging = ["--env", "staging", "provision"] as const;
  await json(...staging, "destroy", "--confirm", `${name}-staging`);
  const key = await readFile(join(folder, ".slipway/keys/operator.pub"), "utf8");
  await using served = await serve();
  const { url, headers } = served;
  const user_data = `#cloud-config\nssh_authorized_keys: [${JSON.stringify(key.trim())}]\n`;
  const body = JSON.stringify({ name: "web", region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", user_data });
  const made = await fetch(`${url}/v2/droplets`, { method: "POST", headers, body });
  const { id } = ((await made.json()) as { droplet: { id: number } }).droplet;
  let address: string | undefined;
  while (address === undefined) {
    const seen = await fetch(`${url}/v2/droplets/${id}`, { headers });
    const { droplet } = (await seen.json()) as {
      droplet: { status: string; networks: { v4: { ip_address: string; type: string }[] } };
    };
    if (droplet.status === "active") address = droplet.networks.v4.find((one) => one.type === "public")?.ip_address;
  }
  const adopt = [...staging, "adopt", "web", "--id", String(id)] as const;
  expect(await ops(...adopt)).toMatchObject({ status: 2, stderr: expect.stringContaining("ops.host-key") });
  expect(await ops(...adopt, "--host-key", "ssh-ed25519 AAAA")).toMatchObject({ status: 2 });
  expect(await ops(...adopt.slice(0, -1), "1", "--trust-shown-key")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("ops.unknown-machine"),
  });
  while (!(await answersSsh(address, 22, new AbortController().signal)));
  expect(await ops(...adopt, "--trust-shown-key")).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/Trust SHA256:\S+ as the host key/),
  });
  const adopted = await json<{ machines: object[] }>(...adopt, "--trust-shown-key", "--yes");
  expect(adopted.machines).toMatchObject([{ name: "web", id: String(id), address }]);
  expect((await ops("--env", "staging", "ssh", "web", "hostname")).stdout).toBe("web\n");
  expect(await json(...staging, "--only", "web")).toMatchObject({ changes: 0 });
});

test("ops cloud serves the same cloud with the same token again, and refuses a port that is taken", async () => {
  const first = await serve();
  expect((await stat(first.tokenFile)).mode & 0o777).toBe(0o600);
  const droplets = async ({ url, headers }: typeof first): Promise<number> =>
    ((await (await fetch(`${url}/v2/droplets`, { headers })).json()) as { droplets: object[] }).droplets.length;
  expect(await droplets(first)).toBe(2);
  expect(await ops("cloud", "--name", name)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("cloud.taken"),
  });
  expect(await first.end()).toBe(0);
  const second = await serve();
  expect(second).toMatchObject({ url: first.url, tokenFile: first.tokenFile });
  expect(await droplets({ ...second, headers: first.headers })).toBe(2);
  expect(await second.end()).toBe(0);
});

test("ops cloud remove leaves nothing, and asks for the name", async () => {
  expect(await ops("cloud", "remove", name, "--yes")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("ops.confirm"),
  });
  expect(await ops("cloud", "remove", "no-such", "--confirm", "no-such")).toMatchObject({ status: 2 });
  expect(await json("cloud", "remove", name, "--confirm", name)).toMatchObject({ name });
  const { clouds } = await json<{ clouds: { name: string }[] }>("cloud", "list");
  expect(clouds.map((cloud) => cloud.name)).not.toContain(name);
  expect(await ops("ssh", "web", "true")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("ops.not-provisioned"),
  });
});
