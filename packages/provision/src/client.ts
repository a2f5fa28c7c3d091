import { systemClock } from "@slipway/model";
import { fail } from "./errors.ts";
import { CallError, type Endpoint, type Method, request } from "./request.ts";
import type { Account, Action, Droplet, Image, Key, Region, Size } from "./schemas.ts";

export interface NewDroplet {
  readonly name: string;
  readonly region: string;
  readonly size: string;
  readonly image: string;
  /** Ids or MD5 fingerprints of keys in the account. */
  readonly keys: readonly (number | string)[];
  readonly tags: readonly string[];
  readonly userData?: string;
}

/** DigitalOcean's API v2, as far as machines need it. Lists are whole: all pages are read. */
export interface DigitalOcean {
  account(): Promise<Account>;
  regions(): Promise<Region[]>;
  sizes(): Promise<Size[]>;
  images(): Promise<Image[]>;
  keys(): Promise<Key[]>;
  /** A key that the account has already, under whatever name, is as good. */
  addKey(name: string, publicKey: string): Promise<Key>;
  deleteKey(id: number): Promise<void>;
  /** All droplets, or those with a tag. */
  droplets(tag?: string): Promise<Droplet[]>;
  droplet(id: number): Promise<Droplet>;
  /**
   * Creates a droplet once. `intent` is a tag that nothing else has: when the answer is lost, the droplet is looked for by it, as long as lists may
   * lag, before the call is made again.
   */
  createDroplet(droplet: NewDroplet, intent: string): Promise<Droplet>;
  /** The droplet with that tag, waited for as long as lists may lag. */
  appeared(intent: string): Promise<Droplet | undefined>;
  deleteDroplet(id: number): Promise<void>;
  /** Deletes all droplets with a tag. */
  deleteTagged(tag: string): Promise<void>;
  act(dropletId: number, action: { readonly type: string; readonly name?: string }): Promise<Action>;
  action(id: number): Promise<Action>;
  addTag(tag: string, dropletId: number): Promise<void>;
  removeTag(tag: string, dropletId: number): Promise<void>;
  /** Removes a tag from everything that carries it. */
  deleteTag(tag: string): Promise<void>;
}

const defaultLagMs = 10_000;
const createAttempts = 3;

/** The one client; the real API and the local cloud differ in the endpoint only. */
export async function digitalOcean(endpoint: Endpoint): Promise<DigitalOcean> {
  const shapes = await import("./schemas.ts");
  const { z } = await import("zod");
  const clock = endpoint.clock ?? systemClock;

  const call = async <T>(
    method: Method,
    path: string,
    shape: { parse(value: unknown): T },
    body?: object,
  ): Promise<T> => {
    const value = await request(endpoint, { method, path, repeatable: method !== "POST", ...(body && { body }) });
    try {
      return shape.parse(value);
    } catch (error) {
      throw fail("cloud.unexpected", `the answer to ${method} ${path} is not what DigitalOcean's API describes`, {
        cause: error,
      });
    }
  };
  const nothing = { parse: (): void => {} };
  const gone = async (path: string): Promise<void> => {
    try {
      await call("DELETE", path, nothing);
    } catch (error) {
      if (!(error instanceof CallError && error.status === 404)) throw error;
    }
  };
  const every = async <T>(path: string, name: string, shape: { parse(value: unknown): T }): Promise<T[]> => {
    const links = z.object({ pages: z.object({ next: z.string().optional() }).optional() }).optional();
    const answer = z.object({ [name]: z.array(z.unknown()), links });
    const all: T[] = [];
    for (let page = 1; ; page += 1) {
      const join = path.includes("?") ? "&" : "?";
      const got = await call("GET", `${path}${join}per_page=200&page=${page}`, answer);
      for (const item of got[name] as unknown[]) all.push(shape.parse(item));
      if ((got["links"] as { pages?: { next?: string } } | undefined)?.pages?.next === undefined) return all;
    }
  };

  const self: DigitalOcean = {
    account: async () => (await call("GET", "/v2/account", z.object({ account: shapes.account }))).account,
    regions: () => every("/v2/regions", "regions", shapes.region),
    sizes: () => every("/v2/sizes", "sizes", shapes.size),
    images: () => every("/v2/images?type=distribution", "images", shapes.image),
    keys: () => every("/v2/account/keys", "ssh_keys", shapes.key),
    async addKey(name, publicKey) {
      try {
        const body = { name, public_key: publicKey };
        return (await call("POST", "/v2/account/keys", z.object({ ssh_key: shapes.key }), body)).ssh_key;
      } catch (error) {
        // 422: it is there; not sure: it may be.
        if (!(error instanceof CallError) || (error.sure && error.status !== 422)) throw error;
        const { md5OfKey } = await import("./ssh-key.ts");
        const found = (await self.keys()).find((key) => key.fingerprint === md5OfKey(publicKey));
        if (found === undefined) throw error;
        return found;
      }
    },
    deleteKey: (id) => gone(`/v2/account/keys/${id}`),
    droplets: (tag) =>
      every(
        `/v2/droplets${tag === undefined ? "" : `?tag_name=${encodeURIComponent(tag)}`}`,
        "droplets",
        shapes.droplet,
      ),
    droplet: async (id) => (await call("GET", `/v2/droplets/${id}`, z.object({ droplet: shapes.droplet }))).droplet,
    async createDroplet(droplet, intent) {
      const { keys, userData, tags, ...rest } = droplet;
      const body = {
        ...rest,
        ssh_keys: keys,
        tags: [...tags, intent],
        ...(userData !== undefined && { user_data: userData }),
      };
      for (let attempt = 1; ; attempt += 1) {
        try {
          return (await call("POST", "/v2/droplets", z.object({ droplet: shapes.droplet }), body)).droplet;
        } catch (error) {
          if (!(error instanceof CallError) || error.sure) throw error;
          const found = await self.appeared(intent);
          if (found !== undefined) return found;
          if (attempt >= createAttempts) throw error;
        }
      }
    },
    async appeared(intent) {
      const until = clock.monotonic() + (endpoint.lagMs ?? defaultLagMs);
      for (;;) {
        const [found] = await self.droplets(intent);
        if (found !== undefined || clock.monotonic() >= until) return found;
        await clock.sleep(500, endpoint.signal);
      }
    },
    deleteDroplet: (id) => gone(`/v2/droplets/${id}`),
    deleteTagged: (tag) => gone(`/v2/droplets?tag_name=${encodeURIComponent(tag)}`),
    deleteTag: (tag) => gone(`/v2/tags/${encodeURIComponent(tag)}`),
    act: async (id, action) =>
      (await call("POST", `/v2/droplets/${id}/actions`, z.object({ action: shapes.action }), action)).action,
    action: async (id) => (await call("GET", `/v2/actions/${id}`, z.object({ action: shapes.action }))).action,
    async addTag(tag, id) {
      await call("POST", "/v2/tags", nothing, { name: tag });
      await call("POST", `/v2/tags/${encodeURIComponent(tag)}/resources`, nothing, resource(id));
    },
    removeTag: (tag, id) => call("DELETE", `/v2/tags/${encodeURIComponent(tag)}/resources`, nothing, resource(id)),
  };

  return self;
}

const resource = (id: number): object => ({ resources: [{ resource_id: String(id), resource_type: "droplet" }] });
