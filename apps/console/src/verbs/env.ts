import { exitCodes } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { table } from "../cli/table.ts";
import { inEnvironment, loadProject } from "../platform/load.ts";

/** The environments of ops.config.ts. Connects to nothing. */
export async function listEnvironments(context: Context): Promise<number> {
  const project = await loadProject(context);
  const { platform } = project;
  const all = platform.environments.map((environment, index) => {
    const { name, hosts } = inEnvironment(project, environment);
    return { environment, platform: name, usual: index === 0, hosts: hosts.map((host) => host.name) };
  });
  const rows = all.map((one) => [
    one.environment,
    one.platform,
    one.hosts.join(","),
    one.usual ? "without --env" : `--env ${one.environment}`,
  ]);
  const text =
    all.length === 0
      ? `${platform.name} has no environments; ops.config.ts lists them: ops(["prod", "staging"], (environment) => ({ … }))`
      : table([["ENVIRONMENT", "PLATFORM", "HOSTS", "CHOSEN BY"], ...rows]);
  context.out.result(text, { ok: true, environments: all });
  return exitCodes.done;
}
