import {
  type CiRecord,
  ciServer,
  followRuns,
  mainCommit,
  type Run,
  readLog,
  readRuns,
  resolveCommit,
  runAgain,
  verifiedStatement,
  waitForRun,
} from "@slipway/ci";
import { fileJournal } from "@slipway/journal";
import { systemClock } from "@slipway/model";
import { verifyStatement } from "@slipway/trust";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shop } from "./support/shop.ts";
import { leftovers, type Site, site } from "./support/site.ts";

/** A deadline for one wait. */
const soon = (): AbortSignal => AbortSignal.timeout(200_000);
let place: Site;
const stop = new AbortController();
let running: Promise<void>;

const states = (run: Run): string =>
  run.steps.map((step) => `${step.name} ${step.state}${step.cachedFrom === undefined ? "" : " from cache"}`).join(", ");
const pushed = async (message: string, files: Record<string, string>): Promise<Run> => {
  const commit = await place.copy.commit(message, files);
  await place.copy.git("push", "--quiet", "ci", "+HEAD:refs/heads/review");
  return await waitForRun(place.connection, place.repository, commit, { signal: soon(), everyMs: 100 });
};
const logText = async (run: Run, step: string): Promise<string> =>
  Buffer.from((await readLog(place.connection, { repository: place.repository, run: run.id, step })).bytes).toString();

beforeAll(async () => {
  place = await site("engine");
  const journal = await fileJournal<CiRecord>(`${place.repository.stateDir}/journal.jsonl`);
  running = (async () => {
    await ciServer({
      connection: place.connection,
      docker: place.docker,
      repository: place.repository,
      signingKey: place.key.privateKey,
      journal,
      clock: systemClock,
      signal: stop.signal,
      policy: { ...place.images, requiredSteps: ["unit test"], maxLogBytes: 100_000 },
      everyMs: 100,
    });
    await journal[Symbol.asyncDispose]();
  })();
});

afterAll(async () => {
  stop.abort();
  await running;
  await place[Symbol.asyncDispose]();
});

describe("ciServer", () => {
  it("refuses a push of main", async () => {
    await place.copy.commit("first", shop());
    await expect(place.copy.git("push", "ci", "HEAD:main")).rejects.toMatchObject({
      stderr: expect.stringContaining("only review may be pushed"),
    });
    expect(await mainCommit(place.connection, place.repository)).toBeUndefined();
  });

  it("moves main to a commit that passed, with its images and its signed record", async () => {
    const run = await pushed("Open the shop", shop());
    expect(run.message).toBeUndefined();
    expect(states(run)).toBe(
      "dependencies passed, compile passed, unit test passed, image web passed, end to end passed",
    );
    expect(run).toMatchObject({
      state: "passed",
      subject: "Open the shop",
      author: "Anna <anna@example.org>",
      ref: "refs/heads/review",
    });
    expect(await mainCommit(place.connection, place.repository)).toBe(run.commit);
    expect(await resolveCommit(place.connection, place.repository, run.commit.slice(0, 10))).toBe(run.commit);

    const signed = await verifiedStatement(place.connection, place.repository, run.commit);
    if (signed === undefined) throw new Error("no statement");
    const release = await verifyStatement(signed, [place.key.publicKey], {
      repository: place.repository.name,
      commit: run.commit,
    });
    const image = await place.docker.getImage(`shop/web:${run.commit}`).inspect();
    expect(release.images).toEqual({ web: image.Id });
    expect(image.Config).toMatchObject({ Entrypoint: ["node", "/app/main.js"], Cmd: null, User: "1000:1000" });
    expect(JSON.stringify(image)).not.toContain("PRIVATE KEY");
    expect(image.Config.Labels).toMatchObject({ "slipway.service": "web", "slipway.commit": run.commit });
    expect(JSON.parse(image.Config.Labels["slipway.app"] ?? "")).toEqual(release.app);
    const { predicate } = JSON.parse(signed.json);
    expect(predicate.steps.map((step: { name: string }) => step.name).toSorted()).toEqual(
      run.steps.map((step) => step.name).toSorted(),
    );
    expect(predicate.tree).toBe(await place.copy.git("rev-parse", "HEAD^{tree}"));
    expect(await logText(run, "end to end")).toContain("open /shop");
  });

  it("takes results again when nothing they depend on has changed", async () => {
    const run = await pushed("Say why", { "README.md": "# Shop\n" });
    expect(states(run)).toBe(
      "dependencies passed from cache, compile passed, unit test passed, image web passed, end to end passed",
    );
    expect(await logText(run, "dependencies")).toContain("its result is taken");
  });

  it("leaves main where it is when a step fails, and says which, with its log", async () => {
    const before = await mainCommit(place.connection, place.repository);
    const run = await pushed("Close the shop", shop({ unit: "printf '\\033[31mit is closed\\033[0m\\n'; exit 3" }));
    expect(run).toMatchObject({ state: "failed", failedStep: "unit test", message: "exit status 3" });
    expect(run.logTail).toContain("it is closed");
    expect(run.logTail).not.toContain("\u001b");
    expect(await logText(run, "unit test")).toContain("\u001b[31mit is closed\u001b[0m");
    expect(run.steps.find((step) => step.name === "end to end")?.state).toBe("skipped");
    expect(await mainCommit(place.connection, place.repository)).toBe(before);
    expect(await verifiedStatement(place.connection, place.repository, run.commit)).toBeUndefined();
    await expect(place.docker.getImage(`shop/web:${run.commit}`).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("tells from an end-to-end test that the whole does not work", async () => {
    const run = await pushed("Answer wrongly", shop({ answer: "shut" }));
    expect(run).toMatchObject({ state: "failed", failedStep: "end to end", message: "exit status 1" });
    expect(await logText(run, "end to end")).toContain("shut /shop");
  });

  it("goes on after failures: the next good push moves main", async () => {
    const run = await pushed("Open again", shop({ answer: "open" }));
    expect(run.state).toBe("passed");
    expect(await mainCommit(place.connection, place.repository)).toBe(run.commit);
  });

  it("merges what was begun on an older main, and fails what conflicts, naming the files", async () => {
    const main = await mainCommit(place.connection, place.repository);
    await place.copy.git("reset", "--quiet", "--hard", `${main}~4`);
    const run = await pushed("Add a note", { "NOTE.md": "note\n" });
    expect(run.message).toBeUndefined();
    expect(run).toMatchObject({ state: "passed", base: main });
    const now = await mainCommit(place.connection, place.repository);
    expect(now).toBe(run.candidate);
    expect(now).not.toBe(run.commit);
    expect(await verifiedStatement(place.connection, place.repository, now ?? "")).toBeDefined();

    await place.copy.git("reset", "--quiet", "--hard", `${main}~4`);
    const conflicting = await pushed("Another note", { "NOTE.md": "other\n" });
    expect(conflicting).toMatchObject({
      state: "failed",
      failedStep: "merge",
      message: "it conflicts with main in NOTE.md",
    });
    expect(await mainCommit(place.connection, place.repository)).toBe(now);
    await place.copy.git("fetch", "--quiet", "ci");
    await place.copy.git("reset", "--quiet", "--hard", "ci/main");
  });

  it("fails a patch that drops a required step, is no pipeline, or does not end", async () => {
    const main = await mainCommit(place.connection, place.repository);
    const good = shop()["pipeline.ts"] ?? "";
    const dropped = await pushed("Drop the tests", {
      "pipeline.ts": good.replace("compile, unit, web", "compile, web"),
    });
    expect(dropped).toMatchObject({
      state: "failed",
      failedStep: "pipeline",
      message: 'the pipeline has no step "unit test"',
    });
    const broken = await pushed("Break it", { "pipeline.ts": "export default {};\n" });
    expect(broken.message).toContain("the pipeline is not one");
    const wrong = await pushed("Misspell it", {
      "pipeline.ts": 'import { stepp } from "@slipway/ci";\nexport default stepp;\n',
    });
    expect(wrong.message).toBe("pipeline.ts could not be read");
    expect(wrong.logTail).toContain("stepp");
    expect(await mainCommit(place.connection, place.repository)).toBe(main);
    await place.copy.git("reset", "--quiet", "--hard", main ?? "");
  });

  it("gives a patch no secret, no engine, no network, and no way into another step's result", async () => {
    const probe = [
      "set +e",
      "ls /var/run/docker.sock /run/docker.sock && exit 10",
      "node -e 'fetch(\"http://1.1.1.1\",{signal:AbortSignal.timeout(2000)}).then(()=>process.exit(0),()=>process.exit(1))' && exit 11",
      "ls /sys/class/net | grep -v lo && exit 12",
      "touch node_modules/poison && exit 13",
      "touch /usr/poison && exit 14",
      'test "$(id -u)" = 1000 || exit 15',
      "grep -q '^CapEff:.0*$' /proc/self/status || exit 16",
      "grep -q '^NoNewPrivs:.1' /proc/self/status || exit 17",
      "env; exit 0",
    ].join("\n");
    const run = await pushed("Look around", shop({ unit: probe }));
    expect(run.message).toBeUndefined();
    expect(run.state).toBe("passed");
    const secret = place.key.privateKey.split("\n")[4] ?? "";
    expect(secret.length).toBeGreaterThan(40);
    for (const text of [
      await logText(run, "unit test"),
      await logText(run, "pipeline"),
      await place.file("state/journal.jsonl"),
    ]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString("base64").slice(4, 40));
      expect(text).not.toContain("PRIVATE KEY");
    }
  });

  it("runs a commit again when somebody asks", async () => {
    const main = await mainCommit(place.connection, place.repository);
    if (main === undefined) throw new Error("no main");
    const before = (await readRuns(place.connection, place.repository)).length;
    await runAgain(place.connection, place.repository, main);
    for await (const runs of followRuns(place.connection, place.repository, soon())) {
      const run = runs[before];
      if (run?.finishedAt === undefined) continue;
      expect(run).toMatchObject({ commit: main, state: "passed" });
      expect(run.steps.filter((step) => step.cachedFrom !== undefined).map((step) => step.name)).toEqual([
        "dependencies",
        "compile",
        "unit test",
      ]);
      break;
    }
    expect(await mainCommit(place.connection, place.repository)).toBe(main);
  });

  it("begins again on the new main when somebody moved it meanwhile", async () => {
    const main = (await mainCommit(place.connection, place.repository)) ?? "";
    await place.copy.git("reset", "--quiet", "--hard", main);
    const hand = await place.copy.commit("By hand", { "HAND.md": "hand\n" });
    await place.copy.git("reset", "--quiet", "--hard", main);
    const commit = await place.copy.commit("Take time", shop({ unit: "sleep 3" }));
    await place.copy.git("push", "--quiet", "ci", "+HEAD:refs/heads/review");
    const inServer = ["--git-dir", place.repository.gitDir] as const;
    await place.copy.git(...inServer, "fetch", "--quiet", place.copy.folder, hand);
    for await (const runs of followRuns(place.connection, place.repository, soon())) {
      const unit = runs.at(-1)?.steps.find((step) => step.name === "unit test");
      if (runs.at(-1)?.commit === commit && unit?.state === "running") break;
    }
    await place.copy.git(...inServer, "update-ref", "refs/heads/main", hand, main);
    const run = await waitForRun(place.connection, place.repository, commit, { signal: soon(), everyMs: 100 });
    expect(run).toMatchObject({ state: "passed", attempt: 2, base: hand });
    const now = (await mainCommit(place.connection, place.repository)) ?? "";
    expect(now).toBe(run.candidate);
    expect(await place.copy.git(...inServer, "show", `${now}:HAND.md`)).toBe("hand");
    expect(await place.copy.git(...inServer, "merge-base", "--is-ancestor", commit, now)).toBe("");
    await place.copy.git("fetch", "--quiet", "ci", "main");
    await place.copy.git("reset", "--quiet", "--hard", "FETCH_HEAD");
  });

  it("survives a repository whose files fight with the outputs", async () => {
    const { symlink, rm } = await import("node:fs/promises");
    const { join } = await import("node:path");
    const link = join(place.copy.folder, "dist");
    await symlink("/etc", link);
    const linked = await pushed("Link away", shop());
    expect(linked).toMatchObject({ state: "failed", failedStep: "compile" });
    expect(linked.message).toContain("do not fit beside the outputs");
    await rm(link);
    const inside = await pushed("Bring modules along", { "node_modules/price/other.js": "1\n" });
    expect(inside).toMatchObject({ state: "failed" });
    await rm(join(place.copy.folder, "node_modules"), { recursive: true });
  });

  it("cuts a log that is too long, and kills a step that takes too long", async () => {
    const long = await pushed("Talk", shop({ unit: "yes | head -c 300000" }));
    expect(long.state).toBe("passed");
    const text = await logText(long, "unit test");
    expect(text.length).toBeLessThan(101_000);
    expect(text).toContain("[the log is cut here, at 100000 bytes]");
    const slow = shop({ unit: "sleep 600" });
    const timed = (slow["pipeline.ts"] ?? "").replace('"unit test", {', '"unit test", { timeout: "1s",');
    const late = await pushed("Dawdle", { ...slow, "pipeline.ts": timed });
    expect(late).toMatchObject({ state: "failed", failedStep: "unit test", message: "still running after 1 s" });
    expect(late.steps.find((step) => step.name === "unit test")?.state).toBe("timed out");
    await place.copy.git("reset", "--quiet", "--hard", "HEAD~1");
  });

  it("leaves nothing on the engine but results", async () => {
    const found = await leftovers(place.docker, place.repository.name);
    expect(found).toMatchObject({ containers: [], networks: [], work: [], building: [] });
    const runs = await readRuns(place.connection, place.repository);
    expect(runs.every((run) => run.finishedAt !== undefined)).toBe(true);
  });
});
