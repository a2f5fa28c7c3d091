import { type FaultKind, faultKinds } from "@slipway/provision/local/faults";
import { type Command, InvalidArgumentError } from "commander";
import type { Building } from "./building.ts";

const name = (text: string): string => {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(text))
    throw new InvalidArgumentError("a cloud's name is of small letters, digits and hyphens");
  return text;
};

const faults = (text: string): readonly FaultKind[] => {
  const words = text.split(",").map((word) => word.trim());
  const kinds = words.includes("all") ? faultKinds : faultKinds.filter((kind) => words.includes(kind));
  const wrong = words.find((word) => word !== "all" && !kinds.some((kind) => kind === word));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`there is no ${wrong}; there are all, ${faultKinds.join(", ")}`);
  return kinds;
};
const rate = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("a rate is above 0 and at most 1");
  return value;
};
const seed = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("a seed is a whole number of up to 9 digits");
  return Number(text);
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
      .option("--faults <kinds>", `make calls fail on purpose: ${faultKinds.join(", ")}, all`, faults)
      .option("--rate <part>", "how often each fault happens, 0 to 1 (default: 0.2)", rate)
      .option("--seed <number>", "the same faults again for the same calls (default: a new one, which is told)", seed)
      .addHelpText(
        "after",
        `
ops starts it by itself where a machine is on the local cloud; this is for other programs. Machines stay when it ends.

Examples:
  ops cloud --name lab
  curl -H "Authorization: Bearer $(cat TOKEN-FILE)" URL/v2/droplets
  ops cloud --name lab --faults 429,500,reset --rate 0.3 --seed 7
  ops cloud list
  ops cloud remove lab --confirm lab`,
      ),
    async () => (await import("../verbs/cloud.ts")).serveCloud,
    (own) => ({
      ...(typeof own.name === "string" ? { name: own.name } : {}),
      ...(typeof own.port === "number" ? { port: own.port } : {}),
      ...(own.faults === undefined ? {} : { faults: own.faults as readonly FaultKind[] }),
      ...(typeof own.rate === "number" ? { rate: own.rate } : {}),
      ...(typeof own.seed === "number" ? { seed: own.seed } : {}),
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
