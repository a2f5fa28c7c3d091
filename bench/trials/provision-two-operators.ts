import { generateSshKey } from "@slipway/provision";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { noLimits } from "@slipway/provision/local/limits";
import { type Beside, beside, held, lastOf, type Order, provisioner } from "./provisioning.ts";
import { countOr, Tally } from "./support.ts";

// Two operators with one plan each for the same machines. At once: one set of machines is there, and whoever did not make it was refused or found it.
// One after the other: the second plan is stale and refused with exit code 5. Machines are real; the processes, too. With all that may stand beside
// machines, both made at once and around machines that were there; then whatever was refused, the next run has it whole, and the one after nothing to do.
const count = countOr(10);
const hosts = ["web", "db"];
const operator = generateSshKey("operator");
const tally = new Tally();

const fair = (said: string): boolean => said.startsWith(`done ${hosts.length} machines`) || said.endsWith(" 5");
const isDone = (said: string | undefined): boolean => said?.startsWith("done ") === true;

interface How {
  readonly how: "at once" | "one after the other";
  /** What both make beside the machines. */
  readonly kinds: readonly Beside[];
  /** Whether the machines are there before. */
  readonly machines?: "there";
}

async function together(name: string, { how, kinds, machines }: How): Promise<void> {
  await using cloud = await startLocalCloud({ name, limits: noLimits });
  // Each operator has a server of its own, as on two machines.
  await using other = await startLocalCloud({ name, limits: noLimits });
  const order = (of: typeof cloud, what: Order["do"]): Order => {
    return { do: what, url: of.url, token: of.token, stack: name, hosts, operator, lagMs: 1_000, kinds };
  };
  if (machines === "there") await provisioner({ ...order(cloud, "apply"), kinds: [] }).said;
  const ada = provisioner(order(cloud, "plan, wait, apply"));
  const bob = provisioner(order(other, "plan, wait, apply"));
  await Promise.all([ada.heard("planned"), bob.heard("planned")]);
  ada.go();
  if (how === "one after the other") await ada.said;
  bob.go();
  const said = [lastOf(await ada.said), lastOf(await bob.said)];
  tally.add(
    `${how}${kinds.length === 0 ? "" : machines === "there" ? ", around machines" : ", with all"}: ${said
      .map((one) => one.replace(/, \d+ changes/, ""))
      .toSorted()
      .join(" / ")}`,
  );
  const there = (await held(name)).hosts.join(" ");
  if (there !== hosts.toSorted().join(" ")) {
    tally.add("not one set of machines");
    process.stderr.write(`${name}: ${there === "" ? "nothing" : there}: ${said.join(" / ")}\n`);
  }
  if (!said.every(fair)) tally.add("neither done nor refused with exit code 5");
  if (how === "one after the other" && said[1] !== "refused plan.stale 5") tally.add("a stale plan was taken");
  const next = (): Promise<readonly string[]> => provisioner(order(cloud, "apply")).said;
  // Where one was done, all of it is there.
  const whole = said.some(isDone) ? [] : await next();
  const after = whole.length === 0 || isDone(lastOf(whole)) ? await next() : whole;
  if (lastOf(after) !== `done ${hosts.length} machines, 0 changes`) {
    tally.add("not settled for the next run");
    process.stderr.write(`${name}: next run: ${after.filter((one) => !one.endsWith(" kept")).join("; ")}\n`);
  }
  await provisioner(order(cloud, "destroy")).said;
  const left = await held(name);
  if (left.hosts.length + left.others > 0) tally.add("something was left");
}

for (let round = 0; round < count; round += 1) {
  await together(`two-${process.pid}-${round}`, { how: "at once", kinds: [] });
  await together(`all-${process.pid}-${round}`, { how: "at once", kinds: beside });
  await together(`by-${process.pid}-${round}`, { how: "at once", kinds: beside, machines: "there" });
  await together(`stale-${process.pid}-${round}`, { how: "one after the other", kinds: [] });
}
tally.print([
  "not one set of machines",
  "neither done nor refused with exit code 5",
  "a stale plan was taken",
  "not settled for the next run",
  "something was left",
]);
