import type { Clock, Secrets } from "@slipway/model";
import { digitalOcean } from "./client/client.ts";
import { digitalOceanProvider } from "./digitalocean/provider.ts";
import { fail } from "./errors.ts";
import { openHetzner } from "./hetzner/open.ts";
import { serverHosts } from "./hetzner/wanted.ts";
import type { Provider } from "./provider.ts";
import { dropletHosts, type HostOnMachine } from "./wanted.ts";

export interface OpenCloudOptions {
  /** Name of the stack. */
  readonly name: string;
  /** Name of the local cloud when that is where the hosts are; several stacks may share it. Default: the stack's. */
  readonly cloud?: string;
  /** Opens the token, when the hosts are at DigitalOcean. */
  readonly secrets?: Secrets;
  /** Default https://api.digitalocean.com. */
  readonly url?: string;
  readonly dockerSocket?: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

/** The provider of the hosts' machines; disposing ends a local cloud's server, not its machines. */
export interface OpenCloud extends AsyncDisposable {
  readonly where: "local" | "digitalocean" | "hetzner";
  readonly provider: Provider;
}

/** Opens the cloud that the hosts' machines name: DigitalOcean or Hetzner with their token, or this machine's local cloud. */
export async function openCloud(hosts: readonly HostOnMachine[], options: OpenCloudOptions): Promise<OpenCloud> {
  const specs = dropletHosts(hosts).map((host) => host.on.spec);
  const [first] = specs;
  const servers = serverHosts(hosts);
  if (servers.length > 0 && first === undefined) return openHetzner(servers, options);
  if (first === undefined) throw fail("plan.problems", "no host has a droplet or a server for its machine");
  if (servers.length > 0)
    throw fail("plan.problems", "the hosts' machines are in different clouds; plan each cloud by itself");
  if (specs.some((spec) => spec.cloud !== first.cloud || spec.token?.name !== first.token?.name))
    throw fail("plan.problems", "the hosts' droplets are in different clouds; plan each cloud by itself");
  const common = { ...(options.clock && { clock: options.clock }), ...(options.signal && { signal: options.signal }) };
  if (first.cloud === "local") {
    const { startOwnCloud } = await import("./local/own-cloud.ts");
    const own = await startOwnCloud(options);
    const client = await digitalOcean({ ...own.endpoint, limits: [], ...common });
    const provider = digitalOceanProvider(client, { stack: options.name, lagMs: own.endpoint.lagMs, ...common });
    return { where: "local", provider, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
  }
  const { token } = first;
  const { secrets } = options;
  if (token === undefined || secrets === undefined)
    throw fail("token.refused", "DigitalOcean needs a token and a vault that opens it");
  const client = await digitalOcean({
    url: options.url ?? "https://api.digitalocean.com",
    token: () => secrets.reveal(token),
    ...common,
  });
  const provider = digitalOceanProvider(client, { stack: options.name, ...common });
  return { where: "digitalocean", provider, [Symbol.asyncDispose]: () => Promise.resolve() };
}
