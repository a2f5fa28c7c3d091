import { told } from "./chat.ts";
import { expect, test } from "./fixtures.ts";
import { loans } from "./ledger.ts";
import { commitOf, onHost, opsJson, read } from "./platform.ts";
import { exactly, releases, seenContainers } from "./releases.ts";

const patience = { timeout: 90_000 };
/** When the host's first process began: another one after a reboot. */
const bootOf = "cut -d' ' -f22 /proc/1/stat";

const dropIn = "/etc/systemd/system/docker.service.d/slow-boot.conf";
const slowly = `mkdir -p "$(dirname ${dropIn})" && printf '[Service]\\nExecStartPre=/bin/sleep 12\\n' >${dropIn} && systemctl daemon-reload`;
const asBefore = `rm ${dropIn} && rmdir --ignore-fail-on-non-empty "$(dirname ${dropIn})" && systemctl daemon-reload`;

test("the ledger comes back after a reboot of its host, and the team was told", async ({ platform }) => {
  // Each of the four waits below may take its time.
  test.setTimeout(480_000);
  const before = await loans(platform.app);
  expect(before.length).toBeGreaterThan(0);
  const toldBefore = (await told(platform)).length;
  const boot = await read(platform, "app", bootOf);

  // A container boots in three seconds, which a check that wants two failures may miss; a machine takes longer.
  await read(platform, "app", slowly);
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
  // Its resolution may take minutes, after other alerts in quick succession; the voyage's spec waits for it.
  await expect
    .poll(async () => (await told(platform)).slice(toldBefore).join("\n"), {
      ...patience,
      message: "an alert was raised",
    })
    .toMatch(/Critical: http:\/\/app\/api\/loans does not answer/);
  await read(platform, "app", asBefore);
  // Nothing of the configuration lived in memory only.
  expect(await opsJson(platform, ["config", "--on", "app"])).toMatchObject({ changes: 0 });
});
