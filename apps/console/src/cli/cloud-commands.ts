import { type Command, InvalidArgumentError } from "commander";
import type { Building } from "./building.ts";

const name = (text: string): string => {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(text))
    throw new InvalidArgumentError("a cloud's name is of small letters, digits and hyphens");
  return text;
};

/** `ops cloud`: the local cloud by itself. */
export function cloudCommands(
  program: Command,
  { verb, sub, port }: Building & { readonly port: (text: string) => number },
): void {
  const cloud = verb(
    sub(program, "cloud", "serve this machine's local cloud, which speaks DigitalOcean's API, until ^C")
      .option("--name <name>", "which cloud (default: that of ops.config.ts, otherwise local)", name)
      .option("--port <port>", "port on 127.0.0.1 (default: one that is made of its name)", port)
      .addHelpText(
        "after",
        `
ops starts it by itself where a machine is on the local cloud; this is for other programs. Machines stay when it ends.

Examples:
  ops cloud --name lab
  curl -H "Authorization: Bearer $(cat TOKEN-FILE)" URL/v2/droplets
  ops cloud list
  ops cloud remove lab --confirm lab`,
      ),
    async () => (await import("../verbs/cloud.ts")).serveCloud,
    (own) => ({
      ...(typeof own.name === "string" ? { name: own.name } : {}),
      ...(typeof own.port === "number" ? { port: own.port } : {}),
    }),
  );
  verb(
    sub(cloud, "list", "the local clouds of this machine's Docker engine, and what is in them"),
    async () => (await import("../verbs/cloud.ts")).listLocalClouds,
    () => ({}),
  );
  verb(
    sub(cloud, "remove <name>", "remove everything of a local cloud").option(
      "--confirm <name>",
      "the cloud's name again; asked for at a terminal",
    ),
    async () => (await import("../verbs/cloud.ts")).removeLocalCloud,
    (own, args) => ({ name: args[0] ?? "", ...(typeof own.confirm === "string" ? { confirm: own.confirm } : {}) }),
  );
}
