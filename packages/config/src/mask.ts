import type { Host, Secrets, Surroundings } from "@slipway/model";
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
