import type { Command } from "commander";
import type { Building } from "./building.ts";

/** `ops provision` and what belongs to it. */
export function provisionCommands(program: Command, { verb, sub }: Building): void {
  verb(
    sub(program, "provision", "make the machines that ops.config.ts asks for")
      .option("--plan", "show what would change and stop", false)
      .option("--destroy", "remove every machine of the platform; needs --confirm NAME", false)
      .option("--confirm <name>", "the platform's name, to destroy it"),
    async () => (await import("../verbs/provision.ts")).provision,
    (own) => ({
      planOnly: own.plan === true,
      destroy: own.destroy === true,
      ...(typeof own.confirm === "string" ? { confirm: own.confirm } : {}),
    }),
  );
}
