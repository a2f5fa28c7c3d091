import { type Host, Secret, type Secrets, SlipwayError, type Surroundings, secretsIn } from "@slipway/model";
import { redact } from "./engine/evaluate.ts";
import { alone, itemsOf } from "./engine/items.ts";

/**
 * Takes the secrets that a host's properties hold out of text that came from there, also as base64 and line by line. One that is missing
 * hides nothing, as no host can have it from here; throws what else goes wrong when a secret is opened.
 */
export async function masker(
  host: Host,
  options: { readonly secrets: Secrets; readonly around?: Surroundings },
): Promise<(text: string) => string> {
  const revealed = new Map<string, string>();
  for (const name of secretsOf(host, options.around)) {
    try {
      revealed.set(name, await options.secrets.reveal(new Secret(name)));
    } catch (error) {
      if (!(error instanceof SlipwayError && error.code === "secret.missing")) throw error;
    }
  }
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
