import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "@playwright/test";
import { failedRun } from "./broken.ts";
import { expect, keep, test, widths } from "./fixtures.ts";
import { commitOf, type Platform, read } from "./platform.ts";
import { releases } from "./releases.ts";

interface Visit {
  readonly page: Page;
  /** What a browser would complain about, and every request that left the console's origin. */
  readonly complaints: string[];
}

const sessionOf = (platform: Platform): string => join(platform.folder, "session.json");

/** A page of the console. The first one of all trades the token for the session that the others go on with. */
async function visit(browser: Browser, platform: Platform, view = "overview"): Promise<Visit> {
  const { origin } = new URL(platform.voyage.console);
  const session = sessionOf(platform);
  const first = !existsSync(session);
  const context = await browser.newContext(first ? {} : { storageState: session });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`asked for ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  if (first) {
    await page.goto(platform.voyage.console);
    await context.storageState({ path: session });
  }
  await page.goto(`${origin}/#/${view}`);
  await expect(badge(page, "live")).toBeVisible();
  return { page, complaints };
}

/** A state as a badge shows it: a word behind a sign. */
const badge = (within: Page | Locator, word: string): Locator =>
  within.getByText(new RegExp(`^[✓!✗●–]\\s*${word}$`)).filter({ visible: true });

const card = (page: Page, title: string) => page.getByRole("region", { name: title, exact: true });

test("the address that ops printed opens the console once", async ({ browser, platform }) => {
  const { page } = await visit(browser, platform);
  expect(page.url()).not.toContain("token");
  await expect(page).toHaveTitle(/Slipway/);
  await expect(page.getByText(platform.name).filter({ visible: true })).toBeVisible();

  const second = await browser.newContext();
  const refused = await (await second.newPage()).goto(platform.voyage.console);
  expect(refused?.status()).toBe(401);
  expect(await refused?.text()).toContain("works once");
  const { origin } = new URL(platform.voyage.console);
  expect((await second.request.get(`${origin}/api/snapshot`)).status()).toBe(401);
  expect((await second.request.get(`${origin}/api/snapshot`, { headers: { host: "evil.example" } })).status()).toBe(
    403,
  );
  expect((await page.context().request.get(`${origin}/api/snapshot`)).status()).toBe(200);
  expect((await page.context().request.post(`${origin}/api/snapshot`)).status()).toBe(405);
});

test("it shows the hosts and their properties", async ({ browser, platform }, info) => {
  const { page, complaints } = await visit(browser, platform, "hosts");
  for (const host of ["ci", "app", "monitor"]) {
    await expect(badge(card(page, host), "up")).toBeVisible();
    const properties = card(page, `Properties of ${host}`);
    // Seen on the host itself, which takes its time after the console's start.
    await expect(
      properties
        .getByText(/docker/i)
        .filter({ visible: true })
        .first(),
    ).toBeVisible({ timeout: 60_000 });
    await expect(badge(properties, "holds")).not.toHaveCount(0);
    await expect(badge(properties, "differs")).toHaveCount(0);
    await expect(badge(card(page, host), "\\d+ properties hold")).toBeVisible();
  }
  await keep(info, "hosts", await page.screenshot({ fullPage: true }));
  expect(complaints).toEqual([]);
});

test("it shows the runs, and why one failed", async ({ browser, platform }, info) => {
  const run = await failedRun(platform);
  const { page, complaints } = await visit(browser, platform, "runs");
  const rows = card(page, "Runs");
  await expect(badge(rows, "passed")).not.toHaveCount(0);
  await rows
    .getByRole("link", { name: run.commit.slice(0, 8) })
    .first()
    .click();
  const opened = card(page, "Count repayments the wrong way round");
  await expect(badge(opened, "failed").first()).toBeVisible();
  await expect(opened.getByRole("button", { name: "unit" })).toHaveAttribute("aria-pressed", "true");
  await expect(opened.getByRole("log")).toContainText(/not ok|✖/);
  await expect(opened.getByRole("log")).toContainText("repay");
  await opened.getByRole("button", { name: "dependencies" }).click();
  await expect(opened.getByRole("log", { name: "Log of dependencies" })).toBeVisible();
  await keep(info, "runs", await page.screenshot({ fullPage: true }));
  expect(complaints).toEqual([]);
});

test("it shows what is released", async ({ browser, platform }, info) => {
  const v2 = await commitOf(platform, "v2");
  const { page, complaints } = await visit(browser, platform, "releases");
  const release = card(page, "prod: ledger on app");
  await expect(release.getByText(v2.slice(0, 8)).first()).toBeVisible();
  await expect(badge(release, "running")).toHaveCount(3);
  await expect(release.getByText("rollback", { exact: true }).first()).toBeVisible();
  await keep(info, "releases", await page.screenshot({ fullPage: true }));
  expect(complaints).toEqual([]);
});

test("it shows metrics as charts, the checks and the drill's alert", async ({ browser, platform }, info) => {
  const { page, complaints } = await visit(browser, platform, "monitor");
  await page.getByRole("group", { name: "Host" }).getByRole("button", { name: "app" }).click();
  const chart = page.getByRole("img", { name: /^Memory.*last 0\.\d*[1-9]/ });
  await expect(chart).toBeVisible();
  // The line itself: pixels of the accent, which axes and grid do not have.
  const painted = await chart.locator("canvas").evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    const seen = new Set<string>();
    for (let at = 0; at < pixels.length; at += 4)
      if ((pixels[at + 3] ?? 0) > 0) seen.add(`${pixels[at]} ${pixels[at + 1]} ${pixels[at + 2]}`);
    return seen.size;
  });
  expect(painted).toBeGreaterThan(5);
  const { origin } = new URL(platform.voyage.console);
  const series = (await (
    await page.context().request.get(`${origin}/api/series?host=app&service=memory&minutes=15`)
  ).json()) as { value: (number | null)[] };
  expect(series.value.filter((value) => value !== null).length).toBeGreaterThan(5);

  await expect(card(page, "Checks").getByText("http://app/api/loans").first()).toBeVisible();
  const alerts = card(page, "Alerts");
  await expect(badge(alerts, "resolved")).not.toHaveCount(0);
  await expect(alerts.getByText(/http:\/\/app\/api\/loans/).first()).toBeVisible();
  await keep(info, "monitor", await page.screenshot({ fullPage: true }));
  expect(complaints).toEqual([]);
});

test("it shows by itself that a service stops and comes back", async ({ browser, platform }, info) => {
  // After some alerts in quick succession one resolves only after minutes of calm.
  test.setTimeout(600_000);
  const core = `ledger-core-${(await releases(platform)).current?.deployment.slot}`;
  const { page, complaints } = await visit(browser, platform, "monitor");
  const check = card(page, "Checks").getByRole("listitem").filter({ hasText: "http://app/api/loans" });
  // Others may tell of the machine that this runs on.
  const alert = card(page, "Alerts").getByRole("listitem").filter({ hasText: "http://app/api/loans" }).first();
  await expect(badge(check, "up")).toBeVisible({ timeout: 60_000 });
  await page.evaluate(() => document.body.setAttribute("data-same-page", "yes"));
  await read(platform, "app", `docker stop ${core}`);
  try {
    await expect(badge(check, "down")).toBeVisible({ timeout: 30_000 });
    await expect(badge(alert, "critical")).toBeVisible({ timeout: 30_000 });
    await keep(info, "alert", await page.screenshot({ fullPage: true }));
  } finally {
    await read(platform, "app", `docker start ${core}`);
  }
  await expect(badge(check, "up")).toBeVisible({ timeout: 60_000 });
  await expect(badge(alert, "resolved")).toBeVisible({ timeout: 300_000 });
  await expect(page.locator("body")).toHaveAttribute("data-same-page", "yes");
  expect(complaints).toEqual([]);
});

for (const size of widths) {
  test(`every view fits ${size.width} pixels`, async ({ browser, platform }, info) => {
    const { page, complaints } = await visit(browser, platform);
    await page.setViewportSize(size);
    for (const view of ["Overview", "Runs", "Releases", "Hosts", "Monitor"]) {
      await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
      await expect(page.getByRole("heading", { level: 1, name: view })).toBeAttached();
      await expect(page.getByRole("region").first()).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), view).toBeLessThanOrEqual(0);
      await keep(info, `${view.toLowerCase()}-${size.width}`, await page.screenshot({ fullPage: true }));
    }
    expect(complaints).toEqual([]);
  });
}
