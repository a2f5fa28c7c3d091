import { expect, keep, test, widths } from "./fixtures.ts";
import { loans } from "./ledger.ts";
import { commitOf } from "./platform.ts";

for (const size of widths) {
  test(`a loan is granted on the ledger's page, ${size.width} pixels wide`, async ({ page, platform }, info) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(platform.app) && !request.url().startsWith("data:"))
        complaints.push(`asked for ${request.url()}`);
    });
    await page.setViewportSize(size);
    await page.goto(`${platform.app}/`);
    await expect(page).toHaveTitle("Ledger");
    await expect(page.locator("#release")).toContainText((await commitOf(platform, "v2")).slice(0, 12));

    const borrower = `Grace Hopper ${crypto.randomUUID().slice(0, 8)}`;
    await page.getByLabel("Borrower").fill(borrower);
    await page.getByLabel("E-mail").fill("grace@example.org");
    await page.getByLabel("Amount").fill("1906.12");
    await page.getByRole("button", { name: "Grant" }).click();
    await expect(page.getByRole("status")).toHaveText(`1,906.12 granted to ${borrower}.`);
    const row = page.locator("#loans > li").filter({ hasText: borrower });
    await expect(row).toHaveCount(1);
    // The worker reacted to the event.
    await expect(page.locator("#mails").getByText(borrower).first()).toBeVisible();
    expect((await loans(platform.app)).filter((loan) => loan.borrower === borrower)).toMatchObject([
      { principal: 190_612 },
    ]);

    await row.getByLabel("Repayment").fill("1906.12");
    await row.getByRole("button", { name: "Repay" }).click();
    await expect(row.getByText("Repaid")).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await keep(info, `ledger-${size.width}`, await page.screenshot({ fullPage: true }));
    expect(complaints).toEqual([]);
  });
}
