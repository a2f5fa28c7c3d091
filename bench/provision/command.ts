import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { median, run } from "../config/process.ts";

const main = join(import.meta.dirname, "../../apps/console/src/cli/main.ts");

export interface CommandTimes {
  readonly machines: number;
  readonly ms: number;
  /** The same right after ops.config.ts changed: its types are checked. */
  readonly changedMs: number;
  /** Of `ops --help` and of an empty Node program, in the same run. */
  readonly helpMs: number;
  readonly nodeMs: number;
}

/** How long the real command takes to say that nothing is to do, its own code cached as `pnpm ops` does it; all of a process. */
export async function timeCommand(machines: number, rounds: number, signal: AbortSignal): Promise<CommandTimes> {
  const folder = await mkdtemp(join(import.meta.dirname, ".command-"));
  const name = `bench-${process.pid}`;
  const env = { HOME: folder, NO_COLOR: "1", NODE_COMPILE_CACHE: join(folder, "node-cache"), INIT_CWD: folder };
  const ops = async (...words: readonly string[]): Promise<{ ms: number; stdout: string }> =>
    run([process.execPath, "--conditions=source", "--min-semi-space-size=16", main, ...words], {
      env,
      signal,
      cwd: folder,
    });
  const file = join(folder, "ops.config.ts");
  const times = async (work: () => Promise<{ ms: number }>): Promise<number> => {
    await work();
    const all: number[] = [];
    for (let round = 0; round < rounds; round += 1) all.push((await work()).ms);
    return median(all);
  };
  await writeFile(
    file,
    `import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const names = Array.from({ length: ${machines} }, (_, index) => \`m\${index + 1}\`);
export default ops({ name: "${name}", hosts: names.map((name) => host(name, { on, os: debian("12"), has: [] })) });
`,
  );
  try {
    await ops("provision", "--yes");
    return {
      machines,
      ms: await times(() => ops("provision", "plan")),
      changedMs: await times(async () => {
        await appendFile(file, "// changed\n");
        return ops("provision", "plan");
      }),
      helpMs: await times(() => ops("--help")),
      nodeMs: await times(() => run([process.execPath, "-e", "0"], { signal })),
    };
  } finally {
    await ops("provision", "destroy", "--confirm", name);
    await rm(folder, { recursive: true });
  }
}
