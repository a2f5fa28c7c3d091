import { fail } from "../errors.ts";
import type { ServerMachine } from "../hetzner.ts";
import type { OpenCloud, OpenCloudOptions } from "../open-cloud.ts";
import { hetzner } from "./client.ts";
import { hetznerProvider } from "./provider.ts";

/** Opens the project that the hosts' servers name by their token, or this machine's local cloud by Hetzner's API. */
export async function openHetzner(
  hosts: readonly { readonly on: ServerMachine }[],
  options: OpenCloudOptions,
): Promise<OpenCloud> {
  const specs = hosts.map((host) => host.on.spec);
  const [first] = specs;
  if (specs.some((spec) => spec.cloud !== first?.cloud || spec.token?.name !== first?.token?.name))
    throw fail("plan.problems", "the hosts' servers are in different projects; plan each by itself");
  const common = { ...(options.clock && { clock: options.clock }), ...(options.signal && { signal: options.signal }) };
  if (first?.cloud === "local") {
    const { startOwnCloud } = await import("../local/own-cloud.ts");
    const own = await startOwnCloud(options);
    const client = await hetzner({ ...own.endpoint, ...common });
    const provider = hetznerProvider(client, { stack: options.name, ...common });
    return { where: "local", provider, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
  }
  const token = first?.token;
  const { secrets } = options;
  if (token === undefined || secrets === undefined)
    throw fail("token.refused", "Hetzner needs a token and a vault that opens it", {
      hint: "make a token with read and write permission in the project, then: ops secrets set hetzner.token",
    });
  const url = options.url ?? "https://api.hetzner.cloud";
  const client = await hetzner({ url, token: () => secrets.reveal(token), ...common });
  const provider = hetznerProvider(client, { stack: options.name, ...common });
  return { where: "hetzner", provider, [Symbol.asyncDispose]: () => Promise.resolve() };
}
