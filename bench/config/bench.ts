import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Ansible, ansible, ansibleGone, floor, type Ours, ours } from "./contenders.ts";
import { type Hosts, startHosts } from "./hosts.ts";
import { run } from "./process.ts";
import { rows } from "./table.ts";
import { timeTypes } from "./types.ts";
import { count } from "./wanted.ts";

// 100 properties on 1, 3 and 10 hosts: Slipway, Ansible at its best, and OpenSSH with one script as the floor. Whole processes, start to end.
const { values, positionals } = parseArgs({
  args: process.argv.slice(3),
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    hosts: { type: "string" },
    rounds: { type: "string" },
    "ansible-rounds": { type: "string" },
    firsts: { type: "string" },
    "no-ansible": { type: "boolean", default: false },
    "no-types": { type: "boolean", default: false },
  },
});
if (positionals.length > 0) throw new Error(`not understood: ${positionals.join(" ")}`);
const hostCounts = (values.hosts ?? (values.quick ? "1,3" : "1,3,10")).split(",").map(Number);
const rounds = Number(values.rounds ?? (values.quick ? 3 : 15));
const ansibleRounds = Number(values["ansible-rounds"] ?? (values.quick ? 1 : 3));
const withAnsible = !values["no-ansible"];
const firsts = Number(values.firsts ?? (values.quick ? 1 : 3));

const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  // A second one too: the hosts are removed before the end, which takes as long as the step that runs.
  process.on(name, () => {
    process.exitCode = 130;
    stop.abort(new Error(`ended by ${name}`));
  });
}
const say = (line: string): boolean => process.stderr.write(`${line}\n`);
const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");

/** Same end state on all hosts, or an error with the first difference. */
async function sameState(one: Hosts, other: Hosts): Promise<void> {
  const [first = "", ...rest] = [...(await one.snapshot()), ...(await other.snapshot())].map(withoutUnequal);
  for (const state of rest) {
    if (state === first) continue;
    const theirs = new Set(state.split("\n"));
    const mine = new Set(first.split("\n"));
    const only = [...mine].filter((line) => !theirs.has(line)).map((line) => `- ${line}`);
    const more = [...theirs].filter((line) => !mine.has(line)).map((line) => `+ ${line}`);
    throw new Error(`the hosts are not the same:\n${[...only, ...more].slice(0, 20).join("\n")}`);
  }
}
/** A user's number tells in which order users were made. */
const withoutUnequal = (state: string): string => state.replaceAll(/^(bench\d+:x):\d+:\d+:/gm, "$1:");

interface Measured {
  readonly hosts: number;
  readonly floor: number[];
  /** With our key exchange. */
  readonly floorAlike: number[];
  readonly ours: Ours[];
  readonly ansible: Ansible[];
  readonly firstOurs: number[];
  readonly firstAnsible: number[];
}

async function measure(hosts: number, key: { file: string; publicKey: string }, folder: string): Promise<Measured> {
  const all: Measured = { hosts, floor: [], floorAlike: [], ours: [], ansible: [], firstOurs: [], firstAnsible: [] };
  for (let round = 1; round <= firsts; round += 1) {
    say(`${hosts} hosts, first application ${round}/${firsts}, load ${load()}`);
    await using made = await startHosts(`bo${hosts}-${round}`, hosts, key, folder, signal);
    const byUs = async (): Promise<void> => void all.firstOurs.push((await ours(made, signal)).ms);
    if (!withAnsible) {
      await byUs();
      if (round === firsts) await nothingToDo(all, made);
      continue;
    }
    await using peers = await startHosts(`ba${hosts}-${round}`, hosts, key, folder, signal);
    await using ending = new AsyncDisposableStack();
    for (const one of [made, peers]) ending.defer(() => ansibleGone(one));
    const byAnsible = async (): Promise<void> => void all.firstAnsible.push((await ansible(peers, signal)).ms);
    for (const contender of round % 2 === 1 ? [byUs, byAnsible] : [byAnsible, byUs]) await contender();
    await sameState(made, peers);
    // Each finds nothing to do where the other was: they want the same.
    const crossed = (await ours(peers, signal)).results.reduce((sum, one) => sum + one.changed, 0);
    const back = (await ansible(made, signal)).changed;
    if (crossed + back > 0) throw new Error(`not the same: we change ${crossed}, Ansible changes ${back}`);
    if (round === firsts) await nothingToDo(all, made);
  }
  return all;
}

async function nothingToDo(all: Measured, hosts: Hosts): Promise<void> {
  const contenders = [
    async () => void all.floor.push((await floor(hosts, signal)).ms),
    async () => void all.ours.push(await ours(hosts, signal)),
    async () => void all.floorAlike.push((await floor(hosts, signal, "curve25519-sha256")).ms),
  ];
  for (const contender of contenders) await contender();
  all.floor.length = 0;
  all.floorAlike.length = 0;
  all.ours.length = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (round % 5 === 0) say(`${all.hosts} hosts, nothing to do ${round + 1}/${rounds}, load ${load()}`);
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) await contender();
    if (withAnsible && round < ansibleRounds) all.ansible.push(await ansible(hosts, signal));
  }
  const changed = [...all.ours.flatMap((one) => one.results), ...all.ansible].filter((one) => one.changed > 0);
  if (changed.length > 0) throw new Error("something was changed where nothing was to do");
}

const missing = (program: string): boolean => {
  try {
    execFileSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" });
    return false;
  } catch {
    return true;
  }
};

if (withAnsible && missing("ansible-playbook")) {
  process.stderr.write("Ansible is not here. On Debian: apt-get install --no-install-recommends ansible-core\n");
  process.exitCode = 2;
} else {
  const root = join(import.meta.dirname, "../..");
  say("building the packages");
  await run([join(root, "node_modules/.bin/tsc"), "-b", join(root, "apps/console")], { signal });
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const file = join(folder, "id");
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], { signal });
    const key = { file, publicKey: (await readFile(`${file}.pub`, "utf8")).trim() };
    const before = load();
    const measured: Measured[] = [];
    for (const hosts of hostCounts) measured.push(await measure(hosts, key, folder));
    const types = values["no-types"] ? undefined : await timeTypes(values.quick ? 1 : 5, signal);
    process.stdout.write(
      rows({ count, rounds, ansibleRounds, firsts, withAnsible, before, after: load(), measured, types }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    say(String(signal.reason));
  } finally {
    await rm(folder, { recursive: true });
  }
}
