import { exitCodes } from "@slipway/model";
import { Command, type CommanderError, InvalidArgumentError, Option } from "commander";
import type { Building } from "./building.ts";
import { cloudCommands } from "./cloud-commands.ts";
import { configCommands } from "./config-commands.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { provisionCommands } from "./provision-commands.ts";
import { addSecrets } from "./secrets.ts";
import { sshCommands } from "./ssh-commands.ts";

/** A verb: does its work and gives the exit code. */
export type Verb<O> = (context: Context, options: O) => Promise<number>;

/** Runs a verb: makes its context, catches its errors. Passed in, so that the program itself is pure. */
export type RunVerb = <O>(globals: GlobalOptions, verb: () => Promise<Verb<O>>, options: O) => Promise<void>;

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("a port is a whole number up to 65535");
  return value;
};

const list = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
];

/** What was said to a command and to those above it; the nearest counts, and a default only where nothing was said. */
function optionsOf(command: Command): GlobalOptions & Record<string, unknown> {
  const above = command.parent === null ? {} : optionsOf(command.parent);
  const own = Object.entries(command.opts<Record<string, unknown>>()).filter(
    ([name]) => !(name in above) || command.getOptionValueSource(name) !== "default",
  );
  return { ...above, ...Object.fromEntries(own) } as GlobalOptions & Record<string, unknown>;
}

/** Refuses what was said to a command above this one that this one does not know: it would be ignored. */
function refuseIgnored(command: Command): void {
  const known = new Set(command.options.map((option) => option.attributeName()));
  for (let above = command.parent; above !== null; above = above.parent)
    for (const option of above.options) {
      const name = option.attributeName();
      if (above.getOptionValueSource(name) === "cli" && !known.has(name))
        command.error(`error: option '${option.flags}' of ${above.name()} is not for ${command.name()}`, {
          code: "commander.unknownOption",
        });
    }
}

/** What `read` makes of the options; what does not go together is told as any other wrong usage. */
function understood<O>(command: Command, read: () => O): O {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidArgumentError) command.error(`error: ${error.message}`, { code: error.code });
    throw error;
  }
}

/** The command line. Verbs are imported when they run, so that `--help` stays quick. */
export function createProgram(run: RunVerb): Command {
  const program = new Command("ops")
    .description("Slipway: provision, configure, build, deploy and watch the platform that ops.config.ts describes.")
    .option("--config <file>", "the platform's file (default: ops.config.ts here or above)")
    .option("--env <name>", "the environment, such as staging (default: the platform's usual one)")
    .option("--json", "print the result as JSON on standard output", false)
    .option("-q, --quiet", "no progress on standard error", false)
    .option("-y, --yes", "answer yes to questions", false)
    .showSuggestionAfterError(true)
    .showHelpAfterError("(ops --help lists the commands)")
    .configureHelp({ sortSubcommands: false })
    // So that the words of `ops ssh HOST …` are the host's: every command has the global options itself.
    .enablePositionalOptions()
    .exitOverride();

  /** Global options are taken before and after the verb. */
  const verb: Building["verb"] = (on, load, options) =>
    on.action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      refuseIgnored(command);
      const all = optionsOf(command);
      await run(
        all,
        load,
        understood(command, () => options(all, command.args)),
      );
    });
  const sub: Building["sub"] = (parent, name, description) =>
    parent
      .command(name)
      .description(description)
      .option("--json", "print the result as JSON")
      .option("-y, --yes", "answer yes to questions")
      .option("-q, --quiet", "no progress")
      .option("--env <name>", "the environment")
      .addOption(new Option("--config <file>").hideHelp());

  verb(
    sub(
      program,
      "demo",
      "bring the whole platform up here and walk every leg: provision, configure, CI, deploy, watch, roll back",
    )
      .option("--once", "exit when the voyage is done and leave nothing running", false)
      .option("--down", "remove everything the demo made", false)
      .option("--port <port>", "port of the console (default: 4300)", port)
      .addHelpText(
        "after",
        "\nExamples:\n  ./ops demo            stays up and prints the console's address\n  ./ops demo --once --json\n  ./ops demo --down",
      ),
    async () => (await import("../verbs/demo.ts")).demo,
    (own) => ({
      once: own.once === true,
      down: own.down === true,
      ...(typeof own.port === "number" ? { port: own.port } : {}),
    }),
  );
  verb(
    sub(program, "init", "make this machine's keys, the vault and the example's working copy; harmless to repeat"),
    async () => (await import("../verbs/init.ts")).init,
    () => ({}),
  );
  provisionCommands(program, { verb, sub, list });
  sshCommands(program, { verb, sub, list });
  cloudCommands(program, { verb, sub, list, port });
  verb(
    sub(
      sub(program, "env", "the platform's environments"),
      "list",
      "what ops.config.ts lists, and what --env makes of it",
    ),
    async () => (await import("../verbs/env.ts")).listEnvironments,
    () => ({}),
  );
  configCommands(program, { verb, sub, list });
  addSecrets(program, { verb, sub, list });

  const ci = sub(program, "ci", "the queue and its runs");
  verb(
    sub(ci, "runs", "list the runs, newest first"),
    async () => (await import("../verbs/ci.ts")).listRuns,
    () => ({}),
  );
  verb(
    sub(ci, "log <run> [step]", "print the log of a run's step (default: the step that failed, or the last)"),
    async () => (await import("../verbs/ci.ts")).showLog,
    (_, args) => ({ run: args[0] ?? "", ...(args[1] === undefined ? {} : { step: args[1] }) }),
  );
  verb(
    sub(ci, "wait <commit>", "wait until CI has decided on a commit"),
    async () => (await import("../verbs/ci.ts")).waitFor,
    (_, args) => ({ commit: args[0] ?? "" }),
  );

  verb(
    sub(program, "deploy <environment>", "deploy the verified commit to an environment")
      .option("--commit <commit>", "a commit other than main; it must be verified")
      .option("--plan", "show what would be done and stop", false)
      .addHelpText("after", "\nExamples:\n  ops deploy prod\n  ops deploy prod --commit 3f2a91c"),
    async () => (await import("../verbs/deploy.ts")).deployTo,
    (own, args) => ({
      environment: args[0] ?? "",
      planOnly: own.plan === true,
      ...(typeof own.commit === "string" ? { commit: own.commit } : {}),
    }),
  );
  verb(
    sub(program, "rollback <environment>", "go back to the release that ran before").option(
      "--to <commit>",
      "a release other than the previous one",
    ),
    async () => (await import("../verbs/deploy.ts")).rollbackOf,
    (own, args) => ({ environment: args[0] ?? "", ...(typeof own.to === "string" ? { to: own.to } : {}) }),
  );
  verb(
    sub(program, "releases <environment>", "what runs where, and what ran before"),
    async () => (await import("../verbs/deploy.ts")).releasesOf,
    (_, args) => ({ environment: args[0] ?? "" }),
  );

  const monitor = sub(program, "monitor", "hosts, checks and alerts");
  verb(
    sub(monitor, "status", "what the monitor sees now"),
    async () => (await import("../verbs/monitor.ts")).monitorStatus,
    () => ({}),
  );

  verb(
    sub(program, "console", "serve the console: a page with everything that runs").option(
      "--port <port>",
      "port on 127.0.0.1 (default: 4300)",
      port,
    ),
    async () => (await import("../verbs/console.ts")).serveConsole,
    (own): { port?: number } => (typeof own.port === "number" ? { port: own.port } : {}),
  );
  verb(
    sub(program, "doctor", "check everything on this machine that can be wrong"),
    async () => (await import("../verbs/doctor.ts")).doctor,
    () => ({}),
  );
  return program;
}

/** The exit code for what commander threw: help and version are done, the rest is usage. */
export const usageExit = (error: CommanderError): number => (error.exitCode === 0 ? exitCodes.done : exitCodes.usage);
