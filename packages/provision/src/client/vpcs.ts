import { z } from "zod";
import { type Api, path } from "./call.ts";

export const vpc = z.object({
  id: z.string(),
  urn: z.string().optional(),
  name: z.string(),
  description: z.string().nullish(),
  region: z.string(),
  ip_range: z.string(),
  default: z.boolean().optional(),
  created_at: z.string().optional(),
});
export type Vpc = z.infer<typeof vpc>;

export const vpcMember = z.object({ urn: z.string(), name: z.string().nullish(), created_at: z.string().nullish() });
export type VpcMember = z.infer<typeof vpcMember>;

export interface NewVpc {
  readonly name: string;
  readonly region: string;
  readonly description?: string;
  /** In CIDR form, /16 to /28; chosen for you without it. */
  readonly ip_range?: string;
}

export const vpcCalls = (api: Api) => {
  const list = (): Promise<Vpc[]> => api.every("/v2/vpcs", "vpcs", vpc);
  return {
    list,
    get: (id: string) => api.one("GET", path`/v2/vpcs/${id}`, "vpc", vpc),
    /** Names are unique: after a lost answer it is known by its own. */
    create: (asked: NewVpc) =>
      api.once(
        () => api.one("POST", "/v2/vpcs", "vpc", vpc, { body: asked }),
        async () => (await list()).find((one) => one.name === asked.name && one.region === asked.region),
      ),
    change: (id: string, changed: { readonly name?: string; readonly description?: string; readonly default?: true }) =>
      api.one("PATCH", path`/v2/vpcs/${id}`, "vpc", vpc, { body: changed }),
    update: (id: string, whole: { readonly name: string; readonly description?: string; readonly default?: boolean }) =>
      api.one("PUT", path`/v2/vpcs/${id}`, "vpc", vpc, { body: whole }),
    /** Of networks without members. */
    remove: (id: string) => api.remove(path`/v2/vpcs/${id}`),
    members: (id: string, asked: { readonly type?: string } = {}) =>
      api.every(path`/v2/vpcs/${id}/members`, "members", vpcMember, { resource_type: asked.type }),
  };
};
