import type { Share } from "@slipway/config";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ApplyOptions } from "../verbs/config/apply.ts";
import type { Building } from "./building.ts";

/** A title may have commas in it, so each takes an option of its own. */
const titles = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const whole = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("it is a whole number above 0");
  return Number(text);
};
const share = (text: string): Share => {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (percent === null) {
    if (!/^[1-9]\d*$/.test(text))
      throw new InvalidArgumentError("it is a whole number above 0, or a percentage such as 25%");
    return Number(text);
  }
  if (!(Number(percent[1]) > 0 && Number(percent[1]) <= 100))
    throw new InvalidArgumentError("a percentage is above 0 and at most 100");
  return `${Number(percent[1])}%`;
};

const detailed = (command: Command): Command =>
  command.option("--detailed-exit-code", "exit 4 when there is nothing to do", false);

/** What may be said when properties are made true. */
const applying = (command: Command): Command =>
  detailed(command)
    .option("--only <title>", "only this property or bundle and what it needs; may be repeated", titles)
    .option("--at-once <n|p%>", "go in batches of so many hosts", share)
    .option("--canary <n>", "so many hosts go first, and alone", whole)
    .option("--give-up-after <n|p%>", "begin no further host once so many failed", share)
    .option("--retry", "only hosts that failed or were not begun last time", false)
    .option("--keep-removed", "leave on the host what is in its list no longer", false)
    .addOption(
      new Option("--forget-removed", "leave it there for good: no later run takes it back")
        .default(false)
        .conflicts("keepRemoved"),
    )
    .option(
      "--adopt",
      "take over machines that were configured from another platform, and leave what that brought",
      false,
    )
    .option("--all", "also show what is as it should be", false)
    .option("--events <file>", "write what happens as lines of JSON to a file, or - for standard output");

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const listOf = (value: unknown): readonly string[] | undefined => value as readonly string[] | undefined;
const given = <K extends string, T>(name: K, value: T | undefined): { readonly [N in K]?: T } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: T };

const applyOptions = (own: Record<string, unknown>, args: readonly string[]): ApplyOptions => ({
  planOnly: own.plan === true,
  on: listOf(own.on) ?? [],
  all: own.all === true,
  retry: own.retry === true,
  keepRemoved: own.keepRemoved === true,
  forgetRemoved: own.forgetRemoved === true,
  adopt: own.adopt === true,
  detailedExitCode: own.detailedExitCode === true,
  ...given("file", args[0]),
  ...given("only", listOf(own.only)),
  ...given("atOnce", own.atOnce as Share | undefined),
  ...given("canary", own.canary as number | undefined),
  ...given("giveUpAfter", own.giveUpAfter as Share | undefined),
  ...given("events", textOf(own.events)),
});

/** `ops config` and what belongs to it. */
export function configCommands(program: Command, { verb, sub, list }: Building): void {
  const onHosts = (command: Command): Command => command.option("--on <hosts>", "only these hosts, by comma", list);
  const config = verb(
    applying(onHosts(sub(program, "config", "make every host have the properties that ops.config.ts gives it")))
      .option("--plan", "show what would change and stop: ops config plan", false)
      .addHelpText(
        "after",
        "\nExamples:\n  ops config plan --out next.plan && ops config apply next.plan\n  ops config --canary 1 --at-once 25%\n  ops config --retry\n  ops config exec 'uptime' --on web-1,web-2",
      ),
    async () => (await import("../verbs/config/apply.ts")).applyConfig,
    (own) => applyOptions(own, []),
  );
  verb(
    detailed(onHosts(sub(config, "plan", "show what would change, with diffs, and change nothing")))
      .option("--only <title>", "only this property or bundle and what it needs; may be repeated", titles)
      .option("--all", "also show what is as it should be", false)
      .option("--out <file>", "keep the plan for `ops config apply FILE`"),
    async () => (await import("../verbs/config/plan.ts")).planConfig,
    (own) => ({
      on: listOf(own.on) ?? [],
      all: own.all === true,
      detailedExitCode: own.detailedExitCode === true,
      ...given("only", listOf(own.only)),
      ...given("out", textOf(own.out)),
    }),
  );
  verb(
    applying(
      onHosts(sub(config, "apply [file]", "the same as ops config; with a file exactly the plan that is saved in it")),
    ),
    async () => (await import("../verbs/config/apply.ts")).applyConfig,
    applyOptions,
  );
  verb(
    detailed(onHosts(sub(config, "drift", "compare what was applied last, what is there and what is wanted"))),
    async () => (await import("../verbs/config/drift.ts")).driftConfig,
    (own) => ({ on: listOf(own.on) ?? [], detailedExitCode: own.detailedExitCode === true }),
  );
  verb(
    onHosts(sub(config, "exec <command...>", "run a command on hosts; exit 3 when it failed on some"))
      .option("--at-once <n|p%>", "on so many hosts at the same time (default: 20)", share)
      .addHelpText(
        "after",
        "\nThe words are joined and given to sh on each host, with nothing on its input. Secrets of the host are taken out of what it says.\n\nExamples:\n  ops config exec 'uptime' --on web-1\n  ops config exec -- systemctl is-active nginx",
      ),
    async () => (await import("../verbs/config/exec.ts")).execOnHosts,
    (own, args) => ({
      command: args.join(" "),
      on: listOf(own.on) ?? [],
      ...given("atOnce", own.atOnce as Share | undefined),
    }),
  );
  verb(
    onHosts(sub(config, "facts", "show what hosts are: system, processors, memory, disks, addresses")),
    async () => (await import("../verbs/config/facts.ts")).factsOfHosts,
    (own) => ({ on: listOf(own.on) ?? [] }),
  );
  verb(
    sub(config, "bake <host>", "make an image of a host as it is when configured, for machines that are never changed")
      .requiredOption("--image <name:tag>", "name of the image in this machine's Docker engine")
      .option("--with-secrets", "also when the host's properties hold secrets, which the image then has", false),
    async () => (await import("../verbs/config/bake.ts")).bakeHost,
    (own, args) => ({ host: args[0] ?? "", image: textOf(own.image) ?? "", withSecrets: own.withSecrets === true }),
  );
}
