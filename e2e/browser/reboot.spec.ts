import { expect, test } from "./fixtures.ts";
import { loans } from "./ledger.ts";
import { commitOf, onHost, opsJson, type Platform, read } from "./platform.ts";
import { exactly, releases, seenContainers } from "./releases.ts";

/** What the team's chat was told, by the demo's receiver. */
async function told(platform: Platform): Promise<readonly string[]> {
  const lines = await read(platform, "monitor", "cat /var/lib/slipway/receiver/received.jsonl");
  return lines.split("\n").map((line) => (JSON.parse(line) as { text: string }).text);
}

const patience = { timeout: 90_000 };
/** When the host's first process began: another one after a reboot. */
const bootOf = "stat -c %Y.%X /proc/1; cut -d' ' -f22 /proc/1/stat";

test("the ledger comes back after a reboot of its host, and the team was told", async ({ platform }) => {
  const before = await loans(platform.app);
  expect(before.length).toBeGreaterThan(0);
  const toldBefore = (await told(platform)).length;
  const boot = await read(platform, "app", bootOf);

  await onHost(platform, "app", "systemctl reboot");
  await expect
    .poll(
      async () => {
        const { status, stdout } = await onHost(platform, "app", bootOf);
        return status === 0 && stdout.trim() !== boot;
      },
      { ...patience, message: "the host boots" },
    )
    .toBe(true);
  // As it comes back by itself: nothing here starts anything.
  await expect
    .poll(() => loans(platform.app).catch(() => []), { ...patience, message: "the loans are served" })
    .toEqual(before);

  const v2 = await commitOf(platform, "v2");
  await expect.poll(async () => seenContainers(await releases(platform)), patience).toEqual(exactly(v2));
  await expect
    .poll(
      async () => {
        const texts = (await told(platform)).slice(toldBefore).join("\n");
        return { alert: /(Critical|Warning): .*http/.test(texts), resolved: /Resolved after .*http/.test(texts) };
      },
      { ...patience, message: "the monitor raised and resolved an alert" },
    )
    .toEqual({ alert: true, resolved: true });
  await expect
    .poll(async () => (await opsJson<{ alerts: readonly unknown[] }>(platform, ["monitor", "status"])).alerts, patience)
    .toEqual([]);
  // Nothing of the configuration lived in memory only.
  expect(await opsJson(platform, ["config", "--on", "app"])).toMatchObject({ changes: 0 });
});
