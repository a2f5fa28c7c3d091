import { z } from "zod";
import { type Api, path } from "./call.ts";
import { CallError } from "./request.ts";

export const domain = z.object({ name: z.string(), ttl: z.int().nullish(), zone_file: z.string().nullish() });
export type Domain = z.infer<typeof domain>;

export const record = z.object({
  id: z.int(),
  type: z.string(),
  /** Relative to the domain, `@` for itself. */
  name: z.string(),
  data: z.string(),
  priority: z.int().nullish(),
  port: z.int().nullish(),
  ttl: z.int().nullish(),
  weight: z.int().nullish(),
  flags: z.int().nullish(),
  tag: z.string().nullish(),
});
/** `Record` is TypeScript's own. */
export type DomainRecord = z.infer<typeof record>;

export interface NewRecord {
  readonly type: string;
  readonly name: string;
  /** Names of other hosts end with a dot. */
  readonly data: string;
  readonly ttl?: number;
  readonly priority?: number;
  readonly port?: number;
  readonly weight?: number;
  readonly flags?: number;
  readonly tag?: string;
}

export const domainCalls = (api: Api) => {
  const get = (name: string): Promise<Domain> => api.one("GET", path`/v2/domains/${name}`, "domain", domain);
  return {
    list: () => api.every("/v2/domains", "domains", domain),
    get,
    /** With an address, a record `A` for the domain itself is made too. */
    create: (asked: { readonly name: string; readonly ip_address?: string }) =>
      api.once(
        () => api.one("POST", "/v2/domains", "domain", domain, { body: asked }),
        async () => {
          try {
            return await get(asked.name);
          } catch (error) {
            if (error instanceof CallError && error.status === 404) return undefined;
            throw error;
          }
        },
      ),
    remove: (name: string) => api.remove(path`/v2/domains/${name}`),
  };
};

const compared = ["type", "data", "priority", "port", "weight", "flags", "tag"] as const;

export const recordCalls = (api: Api) => {
  const list = (
    of: string,
    asked: {
      /** As a whole: `www.example.org`. */
      readonly name?: string;
      readonly type?: string;
    } = {},
  ): Promise<DomainRecord[]> => api.every(path`/v2/domains/${of}/records`, "domain_records", record, { ...asked });
  return {
    list,
    get: (of: string, id: number) => api.one("GET", path`/v2/domains/${of}/records/${id}`, "domain_record", record),
    /** After a lost answer it is known by its content. */
    create: (of: string, asked: NewRecord) =>
      api.once(
        () => api.one("POST", path`/v2/domains/${of}/records`, "domain_record", record, { body: asked }),
        async () =>
          (await list(of)).find(
            (one) =>
              one.name.toLowerCase() === asked.name.toLowerCase() &&
              compared.every((field) => asked[field] === undefined || sameData(one[field], asked[field])),
          ),
      ),
    /** Changes the named fields. The API wants the type with them. */
    change: (of: string, id: number, changed: Partial<NewRecord> & { readonly type: string }) =>
      api.one("PATCH", path`/v2/domains/${of}/records/${id}`, "domain_record", record, { body: changed }),
    /** The same by the older call. */
    update: (of: string, id: number, changed: Partial<NewRecord> & { readonly type: string }) =>
      api.one("PUT", path`/v2/domains/${of}/records/${id}`, "domain_record", record, { body: changed }),
    remove: (of: string, id: number) => api.remove(path`/v2/domains/${of}/records/${id}`),
  };
};

/** The API gives names of hosts back without the dot at their end. */
const sameData = (has: unknown, asked: unknown): boolean => bare(has) === bare(asked);
const bare = (value: unknown): unknown => (typeof value === "string" ? value.replace(/\.$/, "") : value);
