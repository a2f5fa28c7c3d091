import { type Host, messageOf, refusePortsTwice, type Secrets, SlipwayError, type Surroundings } from "@slipway/model";
import { reveal } from "../engine/evaluate.ts";
import { alone, itemsOf } from "../engine/items.ts";

export interface Prepared {
  readonly host: Host;
  readonly around?: Surroundings;
  readonly secrets?: Secrets;
}

/**
 * Finds what can be found wrong without a host: contradictions, circles, a port claimed twice, a property for another operating system, a
 * secret that is missing. Throws one error that names all of it, with the code and hint of the first.
 */
export async function preflight(targets: readonly Prepared[]): Promise<void> {
  const found = await Promise.all(
    targets.map(async ({ host, around, secrets }) => {
      try {
        for (const one of host.has) one.on(host.os as never);
        refusePortsTwice(host.name, host.has);
        await reveal(host, itemsOf(host, around ?? alone(host)), secrets);
        return [];
      } catch (error) {
        return [{ host: host.name, error }];
      }
    }),
  );
  const [first, ...more] = found.flat();
  if (first === undefined) return;
  if (more.length === 0 || !(first.error instanceof SlipwayError)) throw first.error;
  const { code, hint, exitCode } = first.error;
  const hosts = new Map<string, string[]>();
  for (const { host, error } of [first, ...more]) {
    const message = messageOf(error);
    hosts.set(message, [...(hosts.get(message) ?? []), host]);
  }
  throw new SlipwayError({
    code,
    exitCode,
    ...(hint === undefined ? {} : { hint }),
    message: [...hosts].map(([message, names]) => `${names.join(", ")}: ${message}`).join("\n"),
    cause: first.error,
  });
}

/** Opens each secret once, however many hosts want it. */
export function once(secrets: Secrets): Secrets {
  const opened = new Map<string, Promise<string>>();
  return {
    reveal: (secret) => {
      const known = opened.get(secret.name) ?? secrets.reveal(secret);
      opened.set(secret.name, known);
      return known;
    },
  };
}
