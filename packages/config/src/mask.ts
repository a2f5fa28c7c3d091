import { type Host, type Secrets, type Surroundings, secretsIn } from "@slipway/model";
import { redact, reveal } from "./engine/evaluate.ts";
import { alone, itemsOf } from "./engine/items.ts";

/**
 * Takes the secrets that a host's properties hold out of text that came from there, also as base64 and line by line. Throws as
 * opening a secret does.
 */
export async function masker(
  host: Host,
  options: { readonly secrets?: Secrets; readonly around?: Surroundings } = {},
): Promise<(text: string) => string> {
  const revealed = await reveal(host, itemsOf(host, options.around ?? alone(host)), options.secrets);
  return (text) => redact(text, revealed);
}

/** Names of the secrets that a host's properties hold, in the order of the list. Pure. */
export const secretsOf = (host: Host, around: Surroundings = alone(host)): readonly string[] => [
  ...new Set(
    itemsOf(host, around)
      .flatMap((item) => item.claim.secrets.flatMap(secretsIn))
      .map((secret) => secret.name),
  ),
];
