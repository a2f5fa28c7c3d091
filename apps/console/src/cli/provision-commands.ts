import { type Command, InvalidArgumentError, Option } from "commander";
import type { AdoptOptions } from "../verbs/provision/adopt.ts";
import type { ApplyOptions } from "../verbs/provision/apply.ts";
import type { PlanOptions } from "../verbs/provision/plan.ts";
import type { Building } from "./building.ts";

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const listOf = (value: unknown): readonly string[] | undefined => value as readonly string[] | undefined;
const given = <K extends string, T>(name: K, value: T | undefined): { readonly [N in K]?: T } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: T };

const detailed = (command: Command): Command =>
  command.option("--detailed-exit-code", "exit 4 when there is nothing to do", false);

const planOptions = (own: Record<string, unknown>): PlanOptions => {
  // What nothing asks for belongs to no host, so that a plan for some of them would not destroy it.
  if (own.only !== undefined && own.unlisted === "destroy")
    throw new InvalidArgumentError("--only and --unlisted destroy do not go together: say them one after the other");
  return {
    detailedExitCode: own.detailedExitCode === true,
    ...given("only", listOf(own.only)),
    ...given("replace", listOf(own.replace)),
    ...given("unlisted", own.unlisted === "destroy" ? ("destroy" as const) : undefined),
    ...given("out", textOf(own.out)),
  };
};

const applyOptions = (own: Record<string, unknown>, args: readonly string[]): ApplyOptions => ({
  ...planOptions(own),
  planOnly: own.plan === true,
  ...given("file", args[0]),
});

const domain = (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const [from = "", to = "", ...more] = text.toLowerCase().split("=");
  if (from === "" || to === "" || more.length > 0)
    throw new InvalidArgumentError("say old=new, such as example.org=staging.example.org");
  return { ...before, [from]: to };
};

/** `ops provision` and what belongs to it. */
export function provisionCommands(program: Command, { verb, sub, list }: Building): void {
  /** What limits or widens a plan. */
  const planning = (command: Command): Command =>
    detailed(command)
      .option("--only <hosts>", "only the machines of these hosts, by comma, and what they need", list)
      .option("--replace <hosts>", "these machines may be destroyed and made anew where a change needs it", list)
      .addOption(
        new Option("--unlisted <what>", "what to do with what is the platform's and nothing asks for").choices([
          "keep",
          "destroy",
        ]),
      );

  const provision = verb(
    planning(
      sub(
        program,
        "provision",
        "make the machines, and what belongs to them, that ops.config.ts asks for: plan, ask, do",
      ),
    )
      .option("--plan", "show what would change and stop: ops provision plan", false)
      .addHelpText(
        "after",
        `
Where something is destroyed, replaced or paid for, and there is no terminal to ask at, it is refused without --yes.

Examples:
  ops provision plan --out next.plan && ops provision apply next.plan
  ops --env staging provision
  ops provision copy prod staging --domain example.org=staging.example.org
  ops provision --replace web-1
  ops provision adopt db --id 4711 --host-key-file ssh_host_ed25519_key.pub
  ops provision destroy --confirm shop-staging --env staging`,
      ),
    async () => (await import("../verbs/provision/apply.ts")).provision,
    (own) => applyOptions(own, []),
  );
  verb(
    planning(sub(provision, "plan", "show what would change and what it costs, and change nothing")).option(
      "--out <file>",
      "keep the plan for `ops provision apply FILE`",
    ),
    async () => (await import("../verbs/provision/plan.ts")).planProvisioning,
    planOptions,
  );
  verb(
    planning(
      sub(
        provision,
        "apply [file]",
        "the same as ops provision; with a file exactly the plan in it, without a question",
      ),
    ),
    async () => (await import("../verbs/provision/apply.ts")).provision,
    applyOptions,
  );
  verb(
    detailed(sub(provision, "drift", "compare what is in the cloud with what ops.config.ts asks for")),
    async () => (await import("../verbs/provision/drift.ts")).driftProvision,
    (own) => ({ detailedExitCode: own.detailedExitCode === true }),
  );
  verb(
    sub(provision, "copy <from> <to>", "make an environment what another one is in the cloud, changes by hand included")
      .option("--domain <old=new>", "copy this domain's records to another domain; may be repeated", domain)
      .option("--plan", "show what would change and stop", false),
    async () => (await import("../verbs/provision/copy.ts")).copyEnvironment,
    (own, args) => ({
      from: args[0] ?? "",
      to: args[1] ?? "",
      domains: (own.domain as Readonly<Record<string, string>> | undefined) ?? {},
      planOnly: own.plan === true,
    }),
  );
  verb(
    sub(provision, "adopt <host>", "make a machine of the account, which somebody else made, the machine of a host")
      .requiredOption("--id <id>", "its id in the cloud")
      .option("--host-key <key>", "its host key, ssh-ed25519 AAAA…")
      .option("--host-key-file <file>", "a file with it, such as /etc/ssh/ssh_host_ed25519_key.pub of the machine")
      .option("--trust-shown-key", "take the key that it shows now, once you agreed to the fingerprint", false)
      .addHelpText("after", "\nThe operator's key, .slipway/keys/operator.pub, must let root log in there."),
    async () => (await import("../verbs/provision/adopt.ts")).adoptHost,
    (own, args): AdoptOptions => ({
      host: args[0] ?? "",
      id: textOf(own.id) ?? "",
      trustShown: own.trustShownKey === true,
      ...given("hostKey", textOf(own.hostKey)),
      ...given("hostKeyFile", textOf(own.hostKeyFile)),
    }),
  );
  for (const [name, about, on] of [
    ["protect", "keep machines from being destroyed or replaced, by a mark in the cloud", true],
    ["unprotect", "take that mark away", false],
  ] as const)
    verb(
      sub(provision, `${name} <what...>`, `${about}; a host's name, or volume:NAME`),
      async () => (await import("../verbs/provision/protect.ts")).protectHosts,
      (_, names) => ({ names, on }),
    );
  verb(
    sub(provision, "destroy", "remove the platform's machines and everything else of it in the cloud").option(
      "--confirm <name>",
      "the platform's name; asked for at a terminal",
    ),
    async () => (await import("../verbs/provision/destroy.ts")).destroyPlatform,
    (own) => given("confirm", textOf(own.confirm)),
  );
}
