import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import { type AnyProperty, type Connection, debian, type Host } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apply, formatReport, git, type Report } from "../src/index.ts";
import { commits, makeRepository } from "./real/support/repository.ts";

let machine: Machine;
let connection: Connection;
beforeAll(async () => {
  machine = await startMachine({ name: "clone", distro: "debian-13" });
  const { name: host, address, port, user, hostKey, privateKey } = machine;
  connection = await connectBySsh({ host, address, port, user, hostKeys: [hostKey.sha256] }, { privateKey });
  await run(`(${makeRepository("/srv/source")})`);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

async function make(has: AnyProperty): Promise<Report> {
  const distro = debian("13");
  const host: Host = {
    name: "h",
    os: "debian",
    distro,
    on: { provider: "test", spec: {} },
    has: [has],
    can: () => true,
  };
  return apply(host, connection);
}
async function made(has: AnyProperty): Promise<Report> {
  const report = await make(has);
  expect(report.failed + report.blocked, formatReport(report)).toBe(0);
  return report;
}
async function run(script: string): Promise<string> {
  const output = await connection.exec(["sh", "-c", script]);
  return `${output.stdout}${output.stderr}`.trim();
}
const failure = (has: AnyProperty): Promise<string> =>
  make(has).then(
    (report) => formatReport(report),
    (thrown: unknown) => String(thrown),
  );
const clone = (at: git.Version) => git.clone("file:///srv/source", { at, to: "/srv/code" });

test("a clone moves between versions, and never over work that is there alone", async () => {
  await made(clone({ tag: "v1" }));
  expect((await made(clone({ commit: commits.two }))).changed).toBe(1);
  expect(await run("cat /srv/code/text")).toBe("two");
  await run("echo mine >/srv/code/text");
  // As long as it does not have to move it stays as it is.
  expect(await made(clone({ commit: commits.two }))).toMatchObject({ changed: 0, roundTrips: 1 });
  expect(await failure(clone({ tag: "v1" }))).toContain("/srv/code has work of its own that would be lost:\n");
  expect(await run("cat /srv/code/text")).toBe("mine");
  await run("cd /srv/code && git -c user.name=a -c user.email=a@example.org commit -qam mine");
  expect(await failure(clone({ tag: "v1" }))).toContain("would be lost");
  expect(await run("git -C /srv/code log -1 --format=%s")).toBe("mine");
  await run("cd /srv/code && git checkout -q v2");
  expect((await made(clone({ tag: "v1" }))).changed).toBe(1);
});

test("a branch is as of the last fetch, and fetched again when that is long ago", async () => {
  await made(clone({ branch: "main" }));
  await run("cd /srv/source && echo three >text && git -c user.name=a -c user.email=a@example.org commit -qam three");
  expect((await made(clone({ branch: "main" }))).changed).toBe(0);
  expect(await run("cat /srv/code/text")).toBe("two");
  await run("touch -d '2 hours ago' /srv/code/.git/FETCH_HEAD");
  expect((await made(clone({ branch: "main" }))).changed).toBe(1);
  expect(await run("cat /srv/code/text")).toBe("three");
});

test("what is no clone is left alone, and what is not there is a failure", async () => {
  await run("mkdir /srv/other && echo mine >/srv/other/file");
  expect(await failure(git.clone("file:///srv/source", { at: { tag: "v1" }, to: "/srv/other" }))).toContain(
    "/srv/other holds other files",
  );
  expect(await run("ls -A /srv/other")).toBe("file");
  expect(await failure(clone({ tag: "v9" }))).toContain("v9");
});
