import type { Output } from "../cli/output.ts";
import { fail } from "../errors.ts";

const variable = "SLIPWAY_CLOUD_URL";

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);

const told = new WeakSet<object>();

/**
 * Another endpoint than the provider's own, for a server that speaks its API, such as `ops cloud`: that of SLIPWAY_CLOUD_URL, if there is one. Says
 * once that it is in use. Throws `ops.cloud-url` where the token would go over the network in the clear.
 */
export function endpoint(env: NodeJS.ProcessEnv, out: Pick<Output, "mark">): { readonly url?: string } {
  const text = env[variable] ?? "";
  if (text === "") return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && isLoopback(url.hostname)))
    throw fail("ops.cloud-url", `${variable} is no https address: the token would be sent in the clear`);
  if (!told.has(out)) out.mark("note", `${variable}: the token goes to ${url.origin}, not to the provider`);
  told.add(out);
  return { url: text };
}
