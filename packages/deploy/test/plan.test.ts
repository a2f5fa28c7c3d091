import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPlan, plan } from "../src/plan.ts";
import { release, secretsOf, type Wish, World, wanted } from "./world.ts";

const first: Wish = { commit: "a".repeat(40), secret: "one" };
const second: Wish = { commit: "b".repeat(40), secret: "one" };

describe("plan", () => {
  test("prints, and is empty when the wanted release runs", () => {
    const world = new World();
    expect(formatPlan(plan(world.seen(), wanted(world, first)))).toMatchInlineSnapshot(`
      "  begin deploy of aaaaaaaaaaaa in blue
        send ledger/core:aaaaaaaaaaaa, ledger/mail:aaaaaaaaaaaa, ledger/web:aaaaaaaaaaaa
        prepare folders and network
        deliver secrets of core
        back up the events of core
        create ledger-core-blue
        create ledger-web-blue
        create ledger-mail-blue
        start ledger-core-blue
        start ledger-web-blue
        start ledger-mail-blue
        wait until ledger-core-blue is healthy
        wait until ledger-web-blue is healthy
        wait until ledger-mail-blue is healthy
        note: healthy
        verify the release again
        install the nginx site
        switch requests to blue
        note: switched
        commit: from here on forward only
        make aaaaaaaaaaaa/blue the writer of core
        wait until ledger-core-blue is active
        note: active
        write compose.yaml
        prune what no kept release needs
        record: done
      "
    `);
    world.converge(first);
    expect(formatPlan(plan(world.seen(), wanted(world, first)))).toBe("nothing to do\n");
    expect(formatPlan(plan(world.seen(), wanted(world, second)))).toMatchInlineSnapshot(`
      "  begin deploy of bbbbbbbbbbbb in green
        send ledger/core:bbbbbbbbbbbb, ledger/mail:bbbbbbbbbbbb, ledger/web:bbbbbbbbbbbb
        prepare folders and network
        deliver secrets of core
        back up the events of core
        create ledger-core-green
        create ledger-web-green
        create ledger-mail-green
        start ledger-core-green
        start ledger-web-green
        start ledger-mail-green
        wait until ledger-core-green is healthy
        wait until ledger-web-green is healthy
        wait until ledger-mail-green is healthy
        note: healthy
        verify the release again
        switch requests to green
        let requests under way finish
        note: switched
        stop ledger-web-blue
        stop ledger-mail-blue
        stop ledger-core-blue
        commit: from here on forward only
        make bbbbbbbbbbbb/green the writer of core
        wait until ledger-core-green is active
        remove ledger-core-blue
        remove ledger-web-blue
        remove ledger-mail-blue
        note: active
        write compose.yaml
        prune what no kept release needs
        record: done
      "
    `);
  });

  test("pruning keeps what runs and ran before, and knows only what was deployed here", () => {
    const world = new World();
    const commits = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(40));
    for (const commit of commits.slice(0, 4)) world.converge({ commit, secret: "one" });
    const { steps } = plan(world.seen(), wanted(world, { commit: commits[4] ?? "", secret: "one" }));
    const prune = steps.find((step) => step.do === "prune");
    if (prune === undefined) throw new Error("a deployment ends with pruning");
    const imagesOf = (commit: string | undefined): readonly string[] =>
      Object.values(release({ commit: commit ?? "", secret: "one" }).images);
    for (const commit of commits.slice(1)) expect(imagesOf(commit).every((id) => prune.images.keep.has(id))).toBe(true);
    expect(imagesOf(commits[0]).every((id) => prune.images.known.has(id) && !prune.images.keep.has(id))).toBe(true);
    expect(imagesOf("f".repeat(40)).some((id) => prune.images.known.has(id))).toBe(false);
  });

  test("a changed secret is a new deployment", () => {
    const world = new World();
    world.converge(first);
    const changed = { ...first, secret: "two" };
    expect(plan(world.seen(), wanted(world, changed)).phase).toBe("deploy");
    world.converge(changed);
    expect(world.settled(changed)).toEqual([]);
  });

  test("a stopped container and a lost flag are repaired", () => {
    const world = new World();
    world.converge(first);
    world.converge(second);
    world.stop("ledger-core-green");
    world.green.delete("web");
    expect(formatPlan(plan(world.seen()))).toMatchInlineSnapshot(`
      "  start ledger-core-green
        wait until ledger-core-green is healthy
        switch requests to green
        wait until ledger-core-green is active
      "
    `);
    world.converge(undefined);
    expect(world.settled(second)).toEqual([]);
  });

  test("a port that another program took is refused before anything is done", () => {
    const world = new World();
    world.converge(first);
    const base = world.history().current?.deployment.ports["core"] ?? 0;
    const seen = { ...world.seen(), listening: new Set([base + 1]) };
    expect(() => plan(seen, wanted(world, second))).toThrow(/is taken by another program/);
  });

  test("an image that the statement does not name is refused", () => {
    const world = new World();
    const wish = wanted(world, first);
    const bad = { ...wish, release: { ...release(first), images: {} } };
    expect(() => plan(world.seen(), bad)).toThrow(/names no image/);
  });
});

describe("crashes", () => {
  const wish = fc.record({
    commit: fc.constantFrom("a".repeat(40), "b".repeat(40), "c".repeat(40)),
    secret: fc.constantFrom("one", "two"),
  });
  /** Each run is killed after so many effects; a step may be left half done. */
  const run = fc.record({ wish, dies: fc.option(fc.nat(40), { nil: undefined }), reboot: fc.boolean() });

  test("any runs that die anywhere, with reboots between, converge without leftovers and never have two writers", () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), wish, (runs, last) => {
        const world = new World();
        for (const { wish: asked, dies, reboot } of runs) {
          world.converge(asked, dies);
          if (reboot) world.reboot();
        }
        world.converge(last);
        expect(world.settled(last)).toEqual([]);
        expect(plan(world.seen(), wanted(world, last)).phase).toBe("nothing to do");
      }),
      { numRuns: 400 },
    );
  });

  test("after a crash at every single effect of an upgrade", () => {
    for (let effects = 0; ; effects += 1) {
      const world = new World();
      world.converge(first);
      const finished = world.converge(second, effects);
      world.converge(undefined);
      const committed = world.history().current?.deployment.commit;
      expect(world.settled(committed === first.commit ? first : second)).toEqual([]);
      world.converge(second);
      expect(world.settled(second)).toEqual([]);
      if (finished) break;
      expect(effects).toBeLessThan(100);
    }
  });

  test("until the old release is stopped somebody always serves", () => {
    const world = new World();
    world.converge(first);
    world.onEffect = (step) => {
      if (step.do !== "stop") expect(world.serving("web")).toBe(true);
    };
    world.converge(second);
  });

  test("secrets are compared by sum", () => {
    expect(secretsOf(first)).not.toEqual(secretsOf({ ...first, secret: "two" }));
  });
});
