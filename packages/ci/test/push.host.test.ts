import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type CiRecord,
  ciServer,
  followLog,
  followRuns,
  mainCommit,
  type Run,
  repositoryAt,
  verifiedStatement,
  waitForRun,
} from "@slipway/ci";
import { ssh } from "@slipway/connection";
import { writeFileAtomic } from "@slipway/connection/files";
import { remoteJournal } from "@slipway/journal";
import { startMachine } from "@slipway/machines";
import { type Connection, sh, systemClock } from "@slipway/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postReceiveHook, updateHook } from "./support/hooks.ts";
import { quick } from "./support/shop.ts";
import { type Site, site, type WorkingCopy, workingCopy } from "./support/site.ts";

const signal = AbortSignal.timeout(900_000);
const stop = new AbortController();
let place: Site;
let machine: Awaited<ReturnType<typeof startMachine>>;
let host: Connection;
let copy: WorkingCopy;
let running: Promise<void>;
const repository = repositoryAt(`pushed${process.pid}`);

/** A git server as @slipway/config's property makes it. */
async function serveGit(publicKey: string): Promise<void> {
  const { gitDir } = repository;
  const setUp = sh`set -eu
export DEBIAN_FRONTEND=noninteractive
command -v git >/dev/null || apt-get install -qq -y --no-install-recommends git >/dev/null
useradd --system --create-home --home-dir /srv/git --shell /usr/bin/git-shell git
runuser -u git -- git init --quiet --bare --initial-branch=main ${gitDir}
install -d -m 700 -o git -g git /srv/git/.ssh
printf '%s\n' ${publicKey} >/srv/git/.ssh/authorized_keys
chown git:git /srv/git/.ssh/authorized_keys`;
  const { status, stderr } = await host.exec(["sh", "-c", setUp.text], { timeoutMs: 200_000 });
  if (status !== 0) throw new Error(stderr);
  await writeFileAtomic(host, `${gitDir}/hooks/update`, updateHook, { mode: "0755" });
  await writeFileAtomic(host, `${gitDir}/hooks/post-receive`, postReceiveHook, { mode: "0755" });
}

beforeAll(async () => {
  place = await site("push");
  machine = await startMachine({ signal });
  const address = {
    host: machine.name,
    address: machine.address,
    port: machine.port,
    user: machine.user,
    hostKeys: [machine.hostKey.sha256],
  };
  host = await ssh(address, { privateKey: machine.privateKey }, { signal });
  const keyFile = join(place.root, "id");
  const knownHosts = join(place.root, "known_hosts");
  await writeFile(keyFile, machine.privateKey, { mode: 0o600 });
  await writeFile(knownHosts, `${machine.address} ${machine.hostKey.type} ${machine.hostKey.raw}\n`);
  const { stdout: publicKey } = await host.exec(["sh", "-c", "cat /root/.ssh/authorized_keys"]);
  await serveGit(publicKey.trim());
  const options = `-F /dev/null -i ${keyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes`;
  copy = await workingCopy(join(place.root, "anna"), { GIT_SSH_COMMAND: `ssh ${options}` });
  await copy.git("remote", "add", "ci", `ssh://git@${machine.address}:${machine.port}${repository.gitDir}`);
  const journal = await remoteJournal<CiRecord>(host, `${repository.stateDir}/journal.jsonl`);
  running = ciServer({
    connection: host,
    // Images and containers on this machine's engine: the CI does not mind where each of its two ends is.
    docker: place.docker,
    repository,
    signingKey: place.key.privateKey,
    journal,
    clock: systemClock,
    signal: stop.signal,
    policy: place.images,
    everyMs: 100,
  });
  running.catch(() => {});
});

afterAll(async () => {
  stop.abort();
  await running;
  for (const image of await place.docker.listImages({
    filters: { label: [`slipway.repository=${repository.name}`] },
  })) {
    await place.docker.getImage(image.Id).remove({ force: true });
  }
  const { Volumes: volumes } = await place.docker.listVolumes({
    filters: { label: [`slipway.ci=${repository.name}`] },
  });
  for (const { Name } of volumes ?? []) await place.docker.getVolume(Name).remove();
  await host?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
});

const push = async (
  message: string,
  files: Record<string, string>,
  onEvent: (run: Run) => void = () => {},
): Promise<Run> => {
  const commit = await copy.commit(message, files);
  await copy.git("push", "--quiet", "ci", "HEAD:review");
  return await waitForRun(host, repository, commit, { signal, onEvent });
};

describe("a push over SSH", () => {
  it("of main is refused by the server", async () => {
    await copy.commit("one", quick("one"));
    await expect(copy.git("push", "ci", "HEAD:main")).rejects.toMatchObject({
      stderr: expect.stringContaining("only review may be pushed"),
    });
  });

  it("to review runs the pipeline and moves main, seen from elsewhere as it happens", async () => {
    const seen: string[] = [];
    const watching = new AbortController();
    const follow = (async () => {
      for await (const runs of followRuns(host, repository, watching.signal)) {
        const run = runs.at(-1);
        seen.push(`${run?.state} ${run?.steps.filter((step) => step.state === "passed").length}`);
        if (run?.finishedAt !== undefined) return;
      }
    })();
    const states = new Set<string>();
    const run = await push("Build it", {}, (one) => states.add(one.state));
    expect(run).toMatchObject({ state: "passed", subject: "Build it" });
    expect(states.has("passed")).toBe(true);
    await follow;
    watching.abort();
    expect(seen).toContain("running 1");
    expect(seen.at(-1)).toBe("passed 2");
    expect(await mainCommit(host, repository)).toBe(run.commit);
    expect(await verifiedStatement(host, repository, run.commit)).toBeDefined();
    await copy.git("fetch", "--quiet", "ci");
    expect(await copy.git("rev-parse", "ci/main")).toBe(run.commit);
  });

  it("that fails leaves main, its log can be followed from any byte, and the next good one moves it", async () => {
    const main = await mainCommit(host, repository);
    const good = quick("two")["pipeline.ts"] ?? "";
    const bad = await push("Break it", {
      "pipeline.ts": good.replace("cp file dist/file", "echo this is wrong; exit 9"),
    });
    expect(bad).toMatchObject({ state: "failed", failedStep: "build", message: "exit status 9" });
    expect(bad.logTail).toContain("this is wrong");
    expect(await mainCommit(host, repository)).toBe(main);
    const at = { repository, run: bad.id, step: "build" };
    const read = async (fromByte: number): Promise<string> => {
      const parts: Uint8Array[] = [];
      for await (const bytes of followLog(host, at, { fromByte, signal, clock: systemClock })) parts.push(bytes);
      return Buffer.concat(parts).toString();
    };
    const whole = await read(0);
    expect(whole).toContain("this is wrong\n");
    expect(await read(10)).toBe(whole.slice(10));
    const mended = await push("Mend it", { "pipeline.ts": good });
    expect(mended.state).toBe("passed");
    expect(await mainCommit(host, repository)).toBe(mended.commit);
  });

  it("is answered at once, and its hook leaves no process behind", async () => {
    await copy.commit("Say more", { more: "1\n" });
    const before = performance.now();
    await copy.git("push", "--quiet", "ci", "HEAD:review");
    expect(performance.now() - before).toBeLessThan(15_000);
    const { stdout } = await host.exec(["sh", "-c", "ps -u git -o args= | grep -c '[p]ost-receive' || true"]);
    expect(stdout.trim()).toBe("0");
  });
});
