import { generateSshKey } from "@slipway/provision";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { noLimits } from "@slipway/provision/local/limits";
import { type Front, front } from "./front.ts";
import { operate } from "./operate.ts";
import { beside, held, lastOf, type Order, provisioner } from "./provisioning.ts";
import { countOr, spread, Tally } from "./support.ts";

// SIGKILL of an operator at every single request of an apply, and of a destroy, that changes something: before it reached the cloud, and after the
// cloud has done it but before the answer came back. Then again without: what is asked for is there once, the run after that changes nothing, and
// destroying leaves nothing. What the operator had on its way is done by the cloud before that; actions that it began go on meanwhile. Machines are real. WITH=volume,domain chooses what stands beside them; default all kinds. The count is how many
// requests are tried, spread evenly; without it, all.
//
// Requests that only read are left out: who is killed at one leaves the cloud as who is killed before the next that changes something, and machines
// at the latest so, as what is done on them over SSH stands between two of those. AT=requests tries them, too.
const atMost = countOr(Number.POSITIVE_INFINITY);
const all = process.env["AT"] === "requests";
const clouds = Array.from({ length: Number(process.env["CLOUDS"] ?? 3) }, (_, index) => index);
const hosts = ["web", "db"];
const kinds = beside.filter((kind) => (process.env["WITH"] ?? beside.join(",")).split(",").includes(kind));
const operator = generateSshKey("operator");
const tally = new Tally();
type Moment = "before" | "after";

/** The `at`th request that counts. */
interface Cut {
  readonly at: number;
  readonly when: Moment;
}
interface Counts {
  readonly requests: number;
  /** Those that a cut may be at. */
  readonly points: number;
}

/** A cloud of its own, in front of which an operator is killed. */
async function tried(name: string, cut: Cut | undefined): Promise<{ applying: Counts; destroying: Counts }> {
  await using cloud = await startLocalCloud({
    name,
    limits: noLimits,
    onFailure: (error) => {
      tally.add("failures behind an answer");
      process.stderr.write(`${name}: ${String(error)}\n`);
    },
  });
  let made = 0;

  /** One run of the operator to its end; in a process of its own, which is killed there, with a cut. */
  const run = async (what: Order["do"], at?: Cut): Promise<{ said: string; counts: Counts }> => {
    let kill = (): void => {};
    let killed = false;
    let points = 0;
    let requests = 0;
    const numbers = new Map<number, number>();
    const hit = (when: Moment, number: number): boolean => {
      if (at?.when === when && at.at === numbers.get(number)) {
        kill();
        killed = true;
      }
      return killed;
    };
    await using between: Front = await front(cloud.url, {
      before({ number, method }) {
        requests = number;
        if (all || method !== "GET") {
          points += 1;
          numbers.set(number, points);
        }
        return !hit("before", number);
      },
      after({ number, method, path }, { status }) {
        if (method === "POST" && path === "/v2/droplets" && status === 202) made += 1;
        return !hit("after", number);
      },
    });
    const order: Order = {
      do: what,
      url: between.url,
      token: cloud.token,
      stack: name,
      hosts,
      operator,
      lagMs: 1_000,
      kinds,
    };
    const counts = (): Counts => ({ requests, points });
    if (at === undefined) {
      const said = await operate(order, { say: () => {}, go: () => Promise.resolve() });
      return { said, counts: counts() };
    }
    const child = provisioner(order);
    kill = () => child.process.kill("SIGKILL");
    const said = lastOf(await child.said);
    tally.add(killed ? `${what} killed ${at.when} a request` : `${what} was over before`);
    return { said: killed ? "killed" : said, counts: counts() };
  };
  const expect = (what: string, is: boolean, said: string): void => {
    tally.add(is ? what : `not ${what}`);
    if (!is) process.stderr.write(`${name}: not ${what}: ${said}\n`);
  };

  const began = performance.now();
  const first = await run("apply", cut);
  const whole = await run("apply");
  expect("completed by the next run", whole.said.startsWith(`done ${hosts.length} machines`), whole.said);
  const there = (await held(name)).hosts.join(" ");
  expect("each machine once", there === hosts.toSorted().join(" ") && made === hosts.length, `${there}; ${made} made`);
  const idle = await run("apply");
  expect("idle in the run after", idle.said === `done ${hosts.length} machines, 0 changes`, idle.said);
  const destroyed = await run("destroy", cut);
  const gone = await run("destroy");
  const left = await held(name);
  expect(
    "destroyed",
    gone.said === "done" && left.hosts.length + left.others === 0,
    `${gone.said}; ${JSON.stringify(left)}`,
  );
  tally.time("a point", performance.now() - began);
  return { applying: first.counts, destroying: destroyed.counts };
}

const run = process.pid;
const { applying, destroying } = await tried(`cut-${run}`, undefined);
const told = ({ requests, points }: Counts): string =>
  `${requests} requests, ${points} of them tried${all ? "" : `; ${requests - points} read only`}`;
process.stdout.write(
  `an apply of ${hosts.length} machines makes ${told(applying)}; destroying them ${told(destroying)}\n`,
);
const most = Math.max(applying.points, destroying.points);
const points = Array.from({ length: Math.min(atMost, most) }, (_, index) =>
  Math.round(1 + (index * (most - 1)) / Math.max(1, Math.min(atMost, most) - 1)),
);
const cuts = points.flatMap((at) => [{ at, when: "before" } as const, { at, when: "after" } as const]);
await spread(cuts.length, clouds, async (index) => {
  const cut = cuts[index];
  if (cut !== undefined) await tried(`cut-${run}-${cut.at}-${cut.when}`, cut);
});
tally.print([
  "not completed by the next run",
  "not each machine once",
  "not idle in the run after",
  "not destroyed",
  "failures behind an answer",
]);
