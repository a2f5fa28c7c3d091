import { z } from "zod";
import { md5OfKey } from "../ssh-key.ts";
import { type Api, path } from "./call.ts";
import { CallError } from "./request.ts";

export const key = z.object({ id: z.int(), fingerprint: z.string(), public_key: z.string(), name: z.string() });
export type Key = z.infer<typeof key>;

export const keyCalls = (api: Api) => {
  const get = (idOrFingerprint: number | string): Promise<Key> =>
    api.one("GET", path`/v2/account/keys/${idOrFingerprint}`, "ssh_key", key);
  const find = async (fingerprint: string): Promise<Key | undefined> => {
    try {
      return await get(fingerprint);
    } catch (error) {
      if (error instanceof CallError && error.status === 404) return undefined;
      throw error;
    }
  };
  return {
    /** DigitalOcean allows ten of these lists a minute. */
    list: () => api.every("/v2/account/keys", "ssh_keys", key),
    get,
    /** A key that the account has already, under whatever name, is as good. */
    async create(asked: { readonly name: string; readonly public_key: string }): Promise<Key> {
      const fingerprint = md5OfKey(asked.public_key);
      try {
        return await api.once(
          () => api.one("POST", "/v2/account/keys", "ssh_key", key, { body: asked }),
          () => find(fingerprint),
        );
      } catch (error) {
        if (!(error instanceof CallError && (error.status === 422 || error.status === 409))) throw error;
        const found = await find(fingerprint);
        if (found === undefined) throw error;
        return found;
      }
    },
    rename: (idOrFingerprint: number | string, name: string) =>
      api.one("PUT", path`/v2/account/keys/${idOrFingerprint}`, "ssh_key", key, { body: { name } }),
    remove: (idOrFingerprint: number | string) => api.remove(path`/v2/account/keys/${idOrFingerprint}`),
  };
};
