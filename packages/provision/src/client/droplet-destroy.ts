import { z } from "zod";
import { type Api, path } from "./call.ts";
import { listOf } from "./shapes.ts";

const families = ["reserved_ips", "floating_ips", "snapshots", "volumes", "volume_snapshots"] as const;
const each = <T extends z.ZodType>(item: T): Record<(typeof families)[number], ReturnType<typeof listOf<T>>> => ({
  reserved_ips: listOf(item),
  floating_ips: listOf(item),
  snapshots: listOf(item),
  volumes: listOf(item),
  volume_snapshots: listOf(item),
});

/** `cost` is in dollars a month when it is kept. */
export const associated = z.object(
  each(z.object({ id: z.string(), name: z.string().nullish(), cost: z.string().nullish() })),
);
export type Associated = z.infer<typeof associated>;

const destroyed = z.object({
  id: z.string(),
  name: z.string().nullish(),
  destroyed_at: z.string().nullish(),
  error_message: z.string().nullish(),
});
export const destruction = z.object({
  droplet: destroyed.nullish(),
  resources: z.object(each(destroyed)).nullish(),
  completed_at: z.string().nullish(),
  failures: z.int().nullish(),
});
export type Destruction = z.infer<typeof destruction>;

/** Ids of what goes with the droplet. */
export type AlsoDestroyed = Partial<Readonly<Record<(typeof families)[number], readonly string[]>>>;

/** Destroying a droplet together with what is bound to it. Each call may be repeated. */
export const dropletDestroyCalls = (api: Api) => {
  const at = (id: number): string => path`/v2/droplets/${id}/destroy_with_associated_resources`;
  return {
    associated: (id: number) => api.call("GET", at(id), associated),
    selected: (id: number, also: AlsoDestroyed) => api.tell("DELETE", `${at(id)}/selective`, { body: also }),
    everything: (id: number) => api.tell("DELETE", `${at(id)}/dangerous`, { headers: { "x-dangerous": "true" } }),
    status: (id: number) => api.call("GET", `${at(id)}/status`, destruction),
    /** Tries again what failed. */
    retry: (id: number) => api.tell("POST", `${at(id)}/retry`, { repeatable: true }),
  };
};
