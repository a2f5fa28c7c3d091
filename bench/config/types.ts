import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { median, run } from "./process.ts";

const hostCount = 20;
/** 50 of each of four kinds. */
const each = 50;

/** An ops.config.ts of 20 hosts with 200 properties each, all written out. */
function config(): string {
  const hosts = Array.from({ length: hostCount }, (_, host) => {
    const has = Array.from({ length: each }, (_, index) =>
      [
        `apt.installed("package-${host}-${index}")`,
        `file.content("/etc/${host}-${index}.conf", "${index}\\n", { mode: "0640" })`,
        `user.account("user${index}", { groups: ["adm"] })`,
        `systemd.running("unit-${index}").requires(file.directory("/srv/${index}"))`,
      ].join(",\n"),
    ).join(",\n");
    return `const host${host} = host("host-${host}", { on: machine, os: debian("12"), has: [\n${has}\n] });`;
  });
  const names = Array.from({ length: hostCount }, (_, host) => `host${host}`).join(", ");
  return `import { apt, file, systemd, user } from "@slipway/config";
import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
const machine = droplet({ cloud: "local", region: "lon1", size: "s-2vcpu-4gb" });
${hosts.join("\n")}
export default ops({ name: "types", hosts: [${names}] });
`;
}

export interface TypeTimes {
  /** Medians in ms. */
  readonly first: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** How long `ops` takes to type-check the file: for the first time, after a change of the file, and when nothing changed. */
export async function timeTypes(rounds: number, signal: AbortSignal): Promise<TypeTimes> {
  // In the repository, so that the packages are found; built ones, as a user's project has them.
  const parent = join(import.meta.dirname, "..", ".slipway");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "types-"));
  const file = join(folder, "ops.config.ts");
  const check = async (cache: string): Promise<number> =>
    Number(
      (await run([process.execPath, join(import.meta.dirname, "typecheck.ts"), file, join(folder, cache)], { signal }))
        .stdout,
    );
  const first: number[] = [];
  const changed: number[] = [];
  const unchanged: number[] = [];
  try {
    await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
    for (let round = 0; round < rounds; round += 1) {
      await writeFile(file, config());
      first.push(await check(`cache-${round}`));
      await appendFile(file, "\nexport const more = 1;\n");
      changed.push(await check(`cache-${round}`));
      unchanged.push(await check(`cache-${round}`));
    }
    await writeFile(file, config().replace('mode: "0640"', "mode: 640"));
    const refused = await check("wrong").then(
      () => false,
      (error: unknown) => String(error).includes("ops.config-type-error") || String(error).includes("TS2322"),
    );
    if (!refused) throw new Error("a wrong mode was not refused: the types were not checked");
  } finally {
    await rm(folder, { recursive: true });
  }
  return { first: median(first), changed: median(changed), unchanged: median(unchanged) };
}
