import type { Api } from "./call.ts";
import { type Action, action } from "./shapes.ts";

/**
 * Starts an action of one resource once. After a lost answer it is known as the resource's action of that type that is newer than all that were there
 * before; asking again instead could do it twice, or be refused since it is under way.
 */
export async function actOnce(
  api: Api,
  path: string,
  asked: { readonly type: string },
  lists: Api["every"] | Api["short"] = api.every,
): Promise<Action> {
  const list = (): Promise<Action[]> => lists(path, "actions", action);
  const newest = Math.max(0, ...(await list()).map((one) => one.id));
  return api.once(
    () => api.one("POST", path, "action", action, { body: asked }),
    // The type comes back as `attach_volume` or `assign_ip`, or as it was asked for.
    async () => (await list()).find((one) => one.id > newest && one.type.startsWith(asked.type)),
  );
}
