import { createWriteStream } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { saveImages } from "@slipway/connection/docker";
import { sh, systemClock } from "@slipway/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeployEvent, RolloutOptions } from "../src/index.ts";
import {
  deploy,
  formatPlan,
  preview,
  releases,
  rollback,
  sendImage,
  sendImages,
  status,
  takeLock,
} from "../src/index.ts";
import { Target } from "../src/target.ts";
import { releaseOf, secretsOf, startHost, type TestHost } from "./support/host.ts";
import { commitOf } from "./support/image.ts";

const app = "shop";
const canary = "canary-7391-secret";

describe("one host", () => {
  let host: TestHost;
  let options: RolloutOptions;
  const events: DeployEvent[] = [];
  beforeAll(async () => {
    host = await startHost();
    options = {
      connection: host.connection,
      docker: host.docker,
      from: host.local,
      secrets: secretsOf(canary),
      by: "anna@laptop",
      healthMs: 60_000,
      onEvent: (event) => events.push(event),
    };
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
  });

  const v1 = () => releaseOf(host.local, app, "one", { writes: 1, reads: [1] });
  const v2 = () => releaseOf(host.local, app, "two", { writes: 1, reads: [1, 2] });
  const v3 = () => releaseOf(host.local, app, "three", { writes: 2, reads: [1, 2] });
  const post = async (): Promise<{ offset: number; release: string }> =>
    JSON.parse(await host.sh("curl -sf -d '{}' localhost/api/events")) as { offset: number; release: string };
  const offset = async (): Promise<number> =>
    JSON.parse(await host.sh("curl -sf localhost/api/events")).offset as number;

  test("the first deployment serves through nginx, and again it has nothing to do", async () => {
    await host.sh("apt-get install -qy --no-install-recommends curl");
    const release = await v1();
    const result = await deploy({ ...options, release });
    expect(result.outcome).toBe("deployed");
    expect(result.sentBytes).toBeGreaterThan(1_000_000);
    expect(await post()).toMatchObject({ offset: 1, release: `${release.commit}/blue` });
    expect(await post()).toMatchObject({ offset: 2 });
    expect(await host.sh("curl -sf localhost/")).toContain(release.commit);
    const again = await deploy({ ...options, release });
    expect(again).toMatchObject({ outcome: "nothing to do", sentBytes: 0 });
  });

  test("secrets are files of the service alone, in no environment", async () => {
    const inspected = await host.sh("docker inspect shop-core-blue shop-web-blue; cat /var/lib/slipway/apps/shop/*.*");
    expect(inspected).not.toContain(canary);
    expect(await host.sh("stat -c '%a %u' /var/lib/slipway/apps/shop/secrets/blue/core/token")).toBe("400 1000");
    expect(JSON.stringify(events)).not.toContain(canary);
    const sum = await host.sh(`printf %s ${canary} | sha256sum | cut -c1-64`);
    expect(await host.sh("curl -sf localhost/api/secret")).toContain(sum);
  });

  test("an upgrade sends one small layer and keeps the events", async () => {
    const release = await v2();
    const planned = await preview({ ...options, release });
    expect(planned.phase).toBe("deploy");
    expect(formatPlan(planned)).toContain("  switch requests to green\n");
    const result = await deploy({ ...options, release });
    expect((await preview({ ...options, release })).steps).toEqual([]);
    expect(result.outcome).toBe("deployed");
    expect(result.sentBytes).toBeLessThan(64 * 1_024);
    expect(await post()).toMatchObject({ offset: 3, release: `${release.commit}/green` });
    const names = (await host.docker.listContainers({ all: true })).flatMap((one) => one.Names).toSorted();
    expect(names).toEqual(["/shop-core-green", "/shop-mail-green", "/shop-web-green"]);
  });

  test("the backup before it has the events that there were, verified", async () => {
    const { current } = await status(host.connection, app, host.docker);
    const folder = current?.backup ?? "";
    expect(await host.sh(`wc -l < ${folder}/core.events.jsonl`)).toBe("2");
    const [, sum] = (await host.sh(`cat ${folder}/SUMS`)).split(" ");
    expect(await host.sh(`sha256sum < ${folder}/core.events.jsonl | cut -c1-64`)).toBe(sum);
    expect(await host.sh(`stat -c %a ${folder}`)).toBe("700");
  });

  test("who comes second is told who holds the lock, and since when", async () => {
    await using lock = await takeLock(host.connection, app, { by: "ben@desk", action: "looking" });
    expect(lock.fence).toBeGreaterThan(0);
    const refused = deploy({ ...options, release: await v1() });
    await expect(refused).rejects.toMatchObject({ code: "deploy.locked", exitCode: 5 });
    await expect(refused).rejects.toThrow(/by ben@desk \(looking\) since 20/);
  });

  test("a release that does not become healthy is undone; what it said is told without secrets", async () => {
    for (const broken of ["core", "mail"]) {
      const release = await releaseOf(host.local, app, `broken ${broken}`, { writes: 1, reads: [1, 2], broken });
      const failed = deploy({ ...options, release });
      await expect(failed).rejects.toMatchObject({ code: "deploy.unhealthy" });
      await expect(failed).rejects.toThrow(broken === "core" ? /the token is \[secret\]/ : /broken on purpose/);
      const { current, pending, containers, history } = await status(host.connection, app, host.docker);
      expect(current?.deployment.commit).toBe(commitOf("two"));
      expect(pending).toBeUndefined();
      expect(containers.map((one) => `${one.service} ${one.slot} ${one.serving}`)).toEqual([
        "core green true",
        "mail green true",
        "web green true",
      ]);
      expect(history.at(-1)).toMatchObject({ outcome: "undone" });
    }
    expect(await post()).toMatchObject({ offset: 4 });
  });

  test("an image whose id is not the statement's is refused", async () => {
    const release = await v1();
    const images = { ...release.images, web: (await v3()).images["web"] ?? "" };
    await expect(deploy({ ...options, release: { ...release, images } })).rejects.toMatchObject({
      code: "deploy.image-differs",
      exitCode: 5,
    });
    expect((await status(host.connection, app, host.docker)).current?.deployment.commit).toBe(commitOf("two"));
  });

  test("a release that is no longer verified before the switch is undone", async () => {
    const release = await v1();
    const verify = async () => ({ ...release, images: {} });
    await expect(deploy({ ...options, release, verify })).rejects.toMatchObject({
      code: "deploy.unverified",
      exitCode: 5,
    });
    expect(await post()).toMatchObject({ offset: 5 });
  });

  test("an interruption in the middle is undone", async () => {
    const stop = new AbortController();
    const onEvent = (event: DeployEvent): void => {
      if (event.kind === "step" && event.title.startsWith("switch") && event.state === "done")
        stop.abort(new Error("^C"));
    };
    const release = await v1();
    await expect(deploy({ ...options, release, signal: stop.signal, onEvent })).rejects.toThrow("^C");
    expect(await post()).toMatchObject({ offset: 6, release: `${commitOf("two")}/green` });
  });

  test("a rollback that reads every version written restarts the old release with the new events", async () => {
    const release = await v1();
    const result = await rollback({ ...options, app, resolve: async () => release });
    expect(result).toMatchObject({ outcome: "rolled back", data: { kind: "restart" }, sentBytes: 0 });
    expect(await post()).toMatchObject({ offset: 7, release: `${release.commit}/blue` });
  });

  test("a rollback that would lose events is refused with counts, and nothing changes", async () => {
    const release = await v3();
    await deploy({ ...options, release });
    expect(await post()).toMatchObject({ offset: 8 });
    expect(await post()).toMatchObject({ offset: 9 });
    const old = await v1();
    const refused = rollback({ ...options, app, resolve: async () => old });
    await expect(refused).rejects.toMatchObject({ code: "deploy.data", exitCode: 5 });
    await expect(refused).rejects.toThrow(/core of that release cannot read 2 opened@2/);
    expect(await post()).toMatchObject({ offset: 10, release: `${release.commit}/green` });
    await expect(deploy({ ...options, release: old })).rejects.toMatchObject({ code: "deploy.data" });
  });

  test("a changed secret is deployed, though the commit is the same", async () => {
    const release = await v3();
    const result = await deploy({ ...options, release, secrets: secretsOf("other") });
    expect(result).toMatchObject({ outcome: "deployed", sentBytes: 0 });
    expect(await post()).toMatchObject({ offset: 11, release: `${release.commit}/blue` });
    expect(await host.sh("ls /var/lib/slipway/apps/shop/secrets")).toBe("blue");
    options = { ...options, secrets: secretsOf("other") };
  });

  test("what somebody stopped or deleted by hand is repaired", async () => {
    await host.sh(
      "docker stop shop-core-blue; docker rm -f shop-web-blue; rm /etc/nginx/conf.d/slipway-shop.conf; nginx -s reload",
    );
    const result = await deploy({ ...options, release: await v3() });
    expect(result.outcome).toBe("deployed");
    expect(await post()).toMatchObject({ offset: 12 });
    expect(await host.sh("curl -sf localhost/")).toContain("/blue");
  });

  test("when nothing runs, nginx says so and when to come back", async () => {
    await host.sh("docker stop shop-web-blue");
    const answer = await host.sh("curl -si localhost/");
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).toMatch(/Retry-After: 5/);
    await deploy({ ...options, release: await v3() });
  });

  test("the record tells everything, newest first", async () => {
    const all = await releases(host.connection, app);
    expect(all[0]).toMatchObject({ outcome: "running", deployment: { by: "anna@laptop", action: "deploy" } });
    expect(all.filter((one) => one.outcome === "undone").length).toBe(5);
    expect(all.some((one) => one.deployment.action === "rollback")).toBe(true);
  });

  test("images that are there already send nothing; a lost name is given back", async () => {
    const { images, commit } = await v3();
    const wanted = [{ name: `${app}/core:${commit}`, id: images["core"] ?? "" }];
    await host.docker.getImage(`${app}/core:${commit}`).remove({ noprune: true });
    const sent = await sendImages({ from: host.local, to: host.docker, images: wanted });
    expect(sent.bytes).toBe(0);
    expect((await host.docker.getImage(`${app}/core:${commit}`).inspect()).Id).toBe(images["core"]);
  });

  test("an archive on the disk travels without the layers that the host has", async () => {
    const { images } = await releaseOf(host.local, app, "archive", { writes: 1, reads: [1] });
    const name = `${app}/core:${commitOf("archive")}`;
    await using folder = await mkdtempDisposable(join(tmpdir(), "slipway-deploy-"));
    const tar = join(folder.path, "image.tar");
    await pipeline(await saveImages(host.local, [name]), createWriteStream(tar));
    const sent = await sendImage({ tar, to: host.docker });
    expect(sent).toMatchObject({ full: false, images: [{ name, id: images["core"], sent: true }] });
    expect(sent.bytes).toBeLessThan(64 * 1_024);
    expect(await sendImage({ tar, to: host.docker })).toMatchObject({ bytes: 0 });
    await expect(sendImage({ tar, to: host.docker, id: "sha256:0" })).rejects.toMatchObject({
      code: "deploy.image-differs",
    });
  });

  test("who was overtaken changes nothing any more", async () => {
    await using lock = await takeLock(host.connection, app, { by: "late", action: "testing" });
    const signal = new AbortController().signal;
    const more = { app, connection: host.connection, docker: host.docker, clock: systemClock, signal: () => signal };
    const late = new Target({ ...more, fence: lock.fence - 1 });
    await expect(late.check()).rejects.toMatchObject({ code: "deploy.fenced", exitCode: 5 });
    await expect(late.change("touch", sh`touch /tmp/late`)).rejects.toMatchObject({ code: "deploy.fenced" });
    await expect(late.write("/tmp/late", "x", { mode: "0644" })).rejects.toMatchObject({ code: "deploy.fenced" });
    expect(await host.sh("ls /tmp/late 2>&1 || true")).toMatch(/No such file/);
    await new Target({ ...more, fence: lock.fence }).check();
  });

  test("comes back after a reboot of the host, with its events", async () => {
    const before = await offset();
    const ran = (await status(host.connection, app, host.docker)).current;
    await host.sh("systemctl enable nginx docker");
    await host.connection.exec(["systemctl", "reboot"]).catch(() => undefined);
    await using back = await host.reconnect();
    await back.sh("until curl -sf localhost/readyz; do sleep 0.2; done");
    expect(JSON.parse(await back.sh("curl -sf -d '{}' localhost/api/events"))).toMatchObject({ offset: before + 1 });
    const { current, pending, containers } = await status(back.connection, app, back.docker);
    expect(current).toEqual(ran);
    expect(pending).toBeUndefined();
    expect(containers.map((one) => one.serving)).toEqual([true, true, true]);
  });
});
