import { z } from "zod";
import { type Api, path } from "../client/call.ts";
import { CallError, type Dialect } from "../client/request.ts";
import { hetznerRefusal } from "./refusal.ts";
import {
  action,
  firewall,
  floatingIp,
  image,
  key,
  location,
  pricing,
  type Rule,
  server,
  serverType,
  volume,
} from "./shapes.ts";

/** 3,600 calls an hour, given back one each second: a refused one waits for a few of them, not for all. */
const limitedMs = 5_000;

export const hetznerDialect: Dialect = {
  name: "Hetzner's API",
  limits: [],
  limitedMs,
  refusal: hetznerRefusal,
  pageSize: 50,
  pages(answer) {
    const { meta } = answer as {
      meta?: { pagination?: { next_page?: number | null; total_entries?: number | null } | null } | null;
    };
    const { next_page: next, total_entries: total } = meta?.pagination ?? {};
    return {
      ...(typeof next === "number" && next > 0 && { next }),
      ...(typeof total === "number" && { total }),
    };
  },
};

export type Labels = Readonly<Record<string, string>>;

export interface NewServer {
  readonly name: string;
  readonly server_type: string;
  readonly image: string | number;
  readonly location: string;
  readonly ssh_keys: readonly number[];
  readonly user_data: string;
  readonly labels: Labels;
  readonly firewalls?: readonly { readonly firewall: number }[];
}
export interface NewVolume {
  readonly name: string;
  readonly size: number;
  readonly location: string;
  readonly format?: "ext4" | "xfs";
  readonly labels: Labels;
}
export interface NewFirewall {
  readonly name: string;
  readonly labels: Labels;
  readonly rules: readonly Rule[];
  readonly apply_to?: readonly object[];
}

export const selectorOf = (name: string, value: string): string => `${name}==${value}`;

export const hetznerCalls = (api: Api) => {
  const act = (kind: string, id: number, command: string, body: object = {}) =>
    api.one("POST", path`/v1/${kind}/${id}/actions/${command}`, "action", action, { body });
  const list = <T>(kind: string, shape: z.ZodType<T>, selector?: string, name?: string): Promise<T[]> =>
    api.every(`/v1/${kind}`, kind, shape, { label_selector: selector, name });
  const get = async <T>(kind: string, name: string, id: number, shape: z.ZodType<T>): Promise<T | undefined> => {
    try {
      return await api.one("GET", path`/v1/${kind}/${id}`, name, shape);
    } catch (error) {
      if (error instanceof CallError && error.status === 404) return undefined;
      throw error;
    }
  };
  const put = <T>(kind: string, name: string, id: number, shape: z.ZodType<T>, body: object): Promise<T> =>
    api.one("PUT", path`/v1/${kind}/${id}`, name, shape, { body });
  return {
    locations: () => api.every("/v1/locations", "locations", location),
    serverTypes: () => api.every("/v1/server_types", "server_types", serverType),
    images: (type: "system" | "snapshot") => api.every("/v1/images", "images", image, { type }),
    pricing: () => api.one("GET", "/v1/pricing", "pricing", pricing),
    action: (id: number) => api.one("GET", path`/v1/actions/${id}`, "action", action),
    appears: api.appears,
    once: api.once,
    servers: {
      list: (selector?: string) => list("servers", server, selector),
      named: (name: string) => list("servers", server, undefined, name),
      get: (id: number) => get("servers", "server", id, server),
      /** Once; a lost answer is for the caller to look after, with {@link Api.once}. */
      create: (body: NewServer) =>
        api.call("POST", "/v1/servers", z.object({ server, action }), { body: { ...body, start_after_create: true } }),
      update: (id: number, body: { readonly name?: string; readonly labels?: Labels }) =>
        put("servers", "server", id, server, body),
      remove: (id: number) => api.remove(path`/v1/servers/${id}`),
      act: (id: number, command: string, body?: object) => act("servers", id, command, body),
    },
    keys: {
      list: () => list("ssh_keys", key),
      create: (body: { readonly name: string; readonly public_key: string; readonly labels: Labels }) =>
        api.one("POST", "/v1/ssh_keys", "ssh_key", key, { body }),
      update: (id: number, body: { readonly labels: Labels }) => put("ssh_keys", "ssh_key", id, key, body),
      remove: (id: number) => api.remove(path`/v1/ssh_keys/${id}`),
    },
    volumes: {
      list: (selector?: string) => list("volumes", volume, selector),
      get: (id: number) => get("volumes", "volume", id, volume),
      create: (body: NewVolume) => api.one("POST", "/v1/volumes", "volume", volume, { body }),
      update: (id: number, body: { readonly labels: Labels }) => put("volumes", "volume", id, volume, body),
      remove: (id: number) => api.remove(path`/v1/volumes/${id}`),
      act: (id: number, command: string, body?: object) => act("volumes", id, command, body),
    },
    firewalls: {
      list: (selector?: string) => list("firewalls", firewall, selector),
      get: (id: number) => get("firewalls", "firewall", id, firewall),
      create: (body: NewFirewall) => api.one("POST", "/v1/firewalls", "firewall", firewall, { body }),
      update: (id: number, body: { readonly labels: Labels }) => put("firewalls", "firewall", id, firewall, body),
      remove: (id: number) => api.remove(path`/v1/firewalls/${id}`),
      /** Their actions are several: one for the rules, one for each server. */
      act: async (id: number, command: string, body: object) =>
        (
          await api.call("POST", path`/v1/firewalls/${id}/actions/${command}`, z.object({ actions: z.array(action) }), {
            body,
          })
        ).actions,
    },
    floatingIps: {
      list: (selector?: string) => list("floating_ips", floatingIp, selector),
      create: (body: {
        readonly type: "ipv4";
        readonly name: string;
        readonly home_location: string;
        readonly labels: Labels;
      }) => api.one("POST", "/v1/floating_ips", "floating_ip", floatingIp, { body }),
      update: (id: number, body: { readonly labels: Labels }) =>
        put("floating_ips", "floating_ip", id, floatingIp, body),
      remove: (id: number) => api.remove(path`/v1/floating_ips/${id}`),
      act: (id: number, command: string, body?: object) => act("floating_ips", id, command, body),
    },
  };
};
