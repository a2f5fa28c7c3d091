import type { Room } from "../provider.ts";
import type { Kind } from "../resource.ts";
import type { Context } from "./context.ts";
import type { Counts } from "./observe.ts";

/** What room the account has. What was listed whole just now is not counted again. */
export async function roomOf(
  { client }: Context,
  kinds: readonly Kind[],
  listed: Counts,
): Promise<{ readonly [K in Kind]?: Room }> {
  const asks = (kind: Kind): boolean => kinds.includes(kind);
  const [limits, droplets] = await Promise.all([
    asks("machine") || asks("volume") || asks("reserved-ip") ? client.account.get() : undefined,
    asks("machine") ? client.droplets.count() : 0,
  ]);
  const room = (kind: Kind, most: number | undefined, there: number | undefined): { readonly [K in Kind]?: Room } =>
    asks(kind) && most !== undefined && there !== undefined ? { [kind]: { most, there } } : {};
  return {
    ...room("machine", limits?.droplet_limit, droplets),
    ...room("volume", limits?.volume_limit, listed.volume),
    ...room("reserved-ip", limits?.reserved_ip_limit ?? limits?.floating_ip_limit, listed["reserved-ip"]),
  };
}
