import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deploy, status } from "../src/index.ts";
import { releaseOf, secretsOf, startHost, type TestHost } from "./support/host.ts";
import { commitOf } from "./support/image.ts";

const app = "shop";
const version = { writes: 1, reads: [1] };
const program = fileURLToPath(new URL("fixtures/deploy-child.ts", import.meta.url));

let host: TestHost;
beforeAll(async () => {
  host = await startHost();
  await host.sh("command -v curl || apt-get install -qy --no-install-recommends curl");
  await put("blue");
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
});

async function put(word: string): Promise<void> {
  await deploy({
    connection: host.connection,
    docker: host.docker,
    from: host.local,
    secrets: secretsOf("secret"),
    release: await releaseOf(host.local, app, word, version),
    lockWaitMs: 20_000,
    stableMs: 200,
  });
}

/** How the process ended. */
const dying = (word: string, at: object): Promise<string> =>
  new Promise((resolve) => {
    const { machine } = host;
    const plan = JSON.stringify({ machine, app, word, version, at });
    execFile(process.execPath, ["--conditions=source", program, plan], (error, stdout, stderr) => {
      resolve(error === null ? stdout : (error.signal ?? `${error.code}: ${stderr}`));
    });
  });

let posted = 0;
let turn = 0;

// Records of an upgrade: 1 intent, 2 backup, 3 healthy, 4 switched, 5 commit, 6 active, 7 done.
test.each([
  { record: 1, moment: "after" },
  { record: 2, moment: "after" },
  { step: "start shop-web" },
  { record: 3, moment: "after" },
  { record: 4, moment: "after" },
  // The old writer has ended, the new one is none yet.
  { record: 5, moment: "before" },
  { record: 5, moment: "after" },
  { step: "remove shop-core" },
  { record: 6, moment: "after" },
  { record: 7, moment: "after" },
])("kill -9 at %j, and the next run converges", async (at) => {
  turn += 1;
  const word = `turn ${turn}`;
  const ended = await dying(word, at);
  expect(ended).toBe("SIGKILL");

  const { pending } = await status(host.connection, app, host.docker);
  expect(pending === undefined).toBe("record" in at && at.record === 7);
  await put(word);
  const { current, pending: left, containers, history } = await status(host.connection, app, host.docker);
  expect(left).toBeUndefined();
  expect(current?.deployment.commit).toBe(commitOf(word));
  const slot = current?.deployment.slot;
  expect(containers.map((one) => `${one.service} ${one.slot} ${one.serving}`)).toEqual(
    ["core", "mail", "web"].map((service) => `${service} ${slot} true`),
  );
  if (pending !== undefined && pending.committedAt === undefined)
    expect(history.at(-2)).toMatchObject({ outcome: "undone", deployment: { id: pending.deployment.id } });
  else expect(history.filter((one) => one.deployment.commit === commitOf(word)).length).toBe(1);
  // One writer: its answer, the writer file and the offsets without a gap say so.
  posted += 1;
  const answer = JSON.parse(await host.sh("curl -sf -d '{}' localhost/api/events")) as {
    offset: number;
    release: string;
  };
  expect(answer).toMatchObject({ offset: posted, release: `${commitOf(word)}/${slot}` });
  expect(await host.sh("cat /var/lib/slipway/apps/shop/core/writer")).toBe(answer.release);
  expect(await host.sh("ls /var/lib/slipway/apps/shop/flags | tr '\\n' ' '")).toBe(
    slot === "green" ? "core.green web.green" : "",
  );
  expect(
    await host.sh("ls /var/lib/slipway/apps/shop /var/backups/slipway/shop | grep -E 'new|part|tmp' || true"),
  ).toBe("");
});
