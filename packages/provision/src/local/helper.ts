import { fail } from "../errors.ts";
import { hasStatus } from "./engine.ts";
import { exclusively } from "./lock.ts";
import { runLabel } from "./run-label.ts";
import type { Cloud } from "./state.ts";
import { tar } from "./tar.ts";

/** Label of the short-lived containers that work for a cloud on the engine's machine: its name. */
export const helperLabel = "slipway.helper";

/** What of a cloud a helper needs. */
export type Helped = Pick<Cloud, "engine" | "name" | "image">;

export interface Help {
  /** What it works on: one at a time works on the same thing. */
  readonly on: string;
  /** A constant script for sh; it sees `args` as "$@". */
  readonly script: string;
  readonly args?: readonly string[];
  /** Volumes of the engine by the folder where the script finds them. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Content of /input. */
  readonly input?: string;
  /** With the engine machine's own network. */
  readonly network?: boolean;
}

/**
 * Runs a script with the engine machine's loop devices, and its network if asked, and gives what it printed. It is the one way in which a cloud
 * touches that machine: whoever may use the engine need not be root there. Throws `engine.failed` with the script's words when it fails.
 */
export const help = (cloud: Helped, what: Help): Promise<string> =>
  exclusively(`helper ${cloud.name} ${what.on}`, async () => {
    // Who left it was killed.
    await removeHelperOn(cloud, what.on);
    return run(cloud, what);
  });

const helperName = (cloud: string, on: string): string => `slipway.${cloud}.helper.${on}`;

/** Removes a helper that a killed process left; for who is alone with what it worked on. */
export const removeHelperOn = (cloud: Pick<Cloud, "engine" | "name">, on: string): Promise<void> =>
  removeHelper(cloud, `/containers/${helperName(cloud.name, on)}`);

async function run(cloud: Helped, what: Help): Promise<string> {
  const { engine } = cloud;
  const made = await engine.call("POST", "/containers/create", {
    query: { name: helperName(cloud.name, what.on) },
    body: {
      Image: await cloud.image("debian-12-x64"),
      Cmd: ["sh", "-c", what.script, "sh", ...(what.args ?? [])],
      Labels: { [helperLabel]: cloud.name, ...runLabel() },
      // One stream of plain text.
      Tty: true,
      HostConfig: {
        CapAdd: ["SYS_ADMIN", "NET_ADMIN"],
        SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
        MaskedPaths: [],
        ReadonlyPaths: [],
        DeviceCgroupRules: ["b 7:* rwm", "c 10:237 rwm"],
        NetworkMode: what.network === true ? "host" : "none",
        Binds: Object.entries(what.volumes ?? {}).map(([folder, volume]) => `${volume}:${folder}`),
      },
    },
  });
  const container = `/containers/${(made.json() as { Id: string }).Id}`;
  try {
    if (what.input !== undefined) {
      const body = tar([{ path: "/input", content: what.input, mode: 0o600 }]);
      await engine.call("PUT", `${container}/archive`, { query: { path: "/" }, body });
    }
    await engine.call("POST", `${container}/start`);
    const ended = await engine.call("POST", `${container}/wait`);
    const said = await engine.call("GET", `${container}/logs`, { query: { stdout: true, stderr: true } });
    const text = said.text.replaceAll("\r\n", "\n").trim();
    if ((ended.json() as { StatusCode: number }).StatusCode !== 0)
      throw fail("engine.failed", `the local cloud's helper failed: ${text.split("\n").slice(-3).join("; ")}`);
    return text;
  } finally {
    await removeHelper(cloud, container);
  }
}

async function removeHelper(cloud: Pick<Cloud, "engine">, container: string): Promise<void> {
  try {
    await cloud.engine.call("DELETE", container, { query: { force: true, v: true }, accept: [404] });
  } catch (error) {
    // Somebody else removes it at this moment.
    if (!hasStatus(error, 409)) throw error;
  }
}

interface SeenHelper {
  readonly Id: string;
  readonly Created: number;
  readonly State: string;
}

/** Removes helpers that a killed process left. Those younger than `seconds` may still be somebody's, and those that run longer than all do. */
export async function sweepHelpers(cloud: Pick<Cloud, "engine" | "name">, seconds: number): Promise<void> {
  const filters = { label: [`${helperLabel}=${cloud.name}`] };
  const seen = await cloud.engine.call("GET", "/containers/json", { query: { all: true, filters } });
  for (const one of seen.json() as SeenHelper[]) {
    const age = Date.now() / 1_000 - one.Created;
    if (age > seconds && (one.State !== "running" || age > longest || seconds < 0))
      await removeHelper(cloud, `/containers/${one.Id}`);
  }
}

/** Copying a big disk is what takes longest. */
const longest = 3_600;
