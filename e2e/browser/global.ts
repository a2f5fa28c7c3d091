import { writeFile } from "node:fs/promises";
import { removeThings, thingsOf } from "./engine.ts";
import { addressOf, makeProject, ops, type Platform, removeProject, startOps, voyageOf } from "./platform.ts";

/** Names the file that tells the tests about the platform. */
export const platformVariable = "SLIPWAY_E2E_PLATFORM";

const stopMs = 60_000;

/**
 * Brings one whole platform up for all specs, by the demo itself, and gives what takes it down again: when the tests ended, also
 * badly, and when this process is told to end. Down means that nothing of it is left in the engine.
 * Whoever works on the specs names a platform that is up already by SLIPWAY_E2E_PLATFORM; it is left as it is.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  if (process.env[platformVariable] !== undefined) return async () => {};
  const project = await makeProject(process.env["SLIPWAY_RUN"] ?? `test-${process.pid}-${Date.now().toString(36)}`);
  const demo = startOps(project, ["demo", "--json", "--port", "0"], { log: `${project.folder}.log` });

  const down = async (): Promise<void> => {
    demo.kill("SIGINT");
    const late = setTimeout(() => demo.kill("SIGKILL"), stopMs);
    await demo.ended;
    clearTimeout(late);
    const removed = await ops(project, ["demo", "--down"], { apart: true });
    const left = await thingsOf(project.name);
    await removeThings(left);
    await removeProject(project);
    if (removed.status !== 0) throw new Error(`ops demo --down exited with ${removed.status}\n${removed.stderr}`);
    if (left.length > 0) throw new Error(`ops demo --down left ${left.map((one) => one.title).join(", ")}`);
  };
  let going: Promise<void> | undefined;
  const once = (): Promise<void> => (going ??= down());
  const ended = (): void => {
    void once()
      .catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
      .finally(() => process.exit(143));
  };
  process.once("SIGTERM", ended);
  process.once("SIGHUP", ended);

  try {
    const voyage = await voyageOf(demo);
    if (!voyage.ok) throw new Error(`ops demo failed\n${(await demo.ended).stderr}`);
    const platform: Platform = { ...project, voyage, app: `http://${await addressOf(project, "app")}` };
    const file = `${project.folder}/platform.json`;
    await writeFile(file, JSON.stringify(platform));
    process.env[platformVariable] = file;
  } catch (error) {
    await once().catch((second: unknown) => process.stderr.write(`${String(second)}\n`));
    throw error;
  }
  return once;
}
