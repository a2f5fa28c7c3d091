import { generateSshKey } from "@slipway/provision";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { noLimits } from "@slipway/provision/local/limits";
import { type Front, front } from "./front.ts";
import { beside, held, lastOf, type Order, provisioner } from "./provisioning.ts";
import { countOr, spread, Tally } from "./support.ts";

// SIGKILL of an operator at every single request of an apply, and of a destroy: before the request reached the cloud, and after the cloud has done it
// but before the answer came back. Then again without: what is asked for is there once, the run after that changes nothing, and destroying leaves
// nothing. Machines are real. WITH=volume,domain chooses what stands beside them; default all kinds. The count is how many requests are tried, spread evenly; without it, all.
const atMost = countOr(Number.POSITIVE_INFINITY);
const hosts = ["web", "db"];
const kinds = beside.filter((kind) => (process.env["WITH"] ?? beside.join(",")).split(",").includes(kind));
const operator = generateSshKey("operator");
const tally = new Tally();
type Moment = "before" | "after";

interface Cut {
  readonly at: number;
  readonly when: Moment;
}

/** A cloud of its own, in front of which an operator is killed. */
async function tried(name: string, cut: Cut | undefined): Promise<{ requests: number; destroying: number }> {
  await using cloud = await startLocalCloud({
    name,
    limits: noLimits,
    onFailure: (error) => process.stderr.write(`${String(error)}\n`),
  });
  let made = 0;
  let last = 0;

  /** One run of the operator, to its end or until it is killed. */
  const run = async (what: Order["do"], at?: Cut): Promise<string> => {
    let kill = (): void => {};
    let killed = false;
    const hit = (when: Moment, number: number): boolean => {
      if (at?.when !== when || at.at !== number) return killed;
      kill();
      killed = true;
      return true;
    };
    await using between: Front = await front(cloud.url, {
      before({ number }) {
        last = number;
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
    const child = provisioner(order);
    kill = () => child.process.kill("SIGKILL");
    const said = lastOf(await child.said);
    return killed ? "killed" : said;
  };
  const expect = (what: string, is: boolean, said: string): void => {
    tally.add(is ? what : `not ${what}`);
    if (!is) process.stderr.write(`${name}: not ${what}: ${said}\n`);
  };

  const first = await run("apply", cut);
  const requests = last;
  if (cut !== undefined) tally.add(first === "killed" ? `apply killed ${cut.when} a request` : "apply was over before");
  const whole = await run("apply");
  expect("completed by the next run", whole.startsWith(`done ${hosts.length} machines`), whole);
  const there = (await held(name)).hosts.join(" ");
  expect("each machine once", there === hosts.toSorted().join(" ") && made === hosts.length, `${there}; ${made} made`);
  const idle = await run("apply");
  expect("idle in the run after", idle === `done ${hosts.length} machines, 0 changes`, idle);
  const destroyed = await run("destroy", cut);
  const destroying = last;
  if (cut !== undefined)
    tally.add(destroyed === "killed" ? `destroy killed ${cut.when} a request` : "destroy was over before");
  const gone = await run("destroy");
  const left = await held(name);
  expect("destroyed", gone === "done" && left.hosts.length + left.others === 0, `${gone}; ${JSON.stringify(left)}`);
  return { requests, destroying };
}

const run = process.pid;
const { requests, destroying } = await tried(`cut-${run}`, undefined);
process.stdout.write(`an apply of ${hosts.length} machines makes ${requests} requests, its end ${destroying}\n`);
const points = Array.from({ length: Math.min(atMost, requests) }, (_, index) =>
  Math.round(1 + (index * (requests - 1)) / Math.max(1, Math.min(atMost, requests) - 1)),
);
const cuts = points.flatMap((at) => [{ at, when: "before" } as const, { at, when: "after" } as const]);
await spread(cuts.length, ["a", "b"], async (index) => {
  const cut = cuts[index];
  if (cut !== undefined) await tried(`cut-${run}-${cut.at}-${cut.when}`, cut);
});
tally.print(["not completed by the next run", "not each machine once", "not idle in the run after", "not destroyed"]);
