import { z } from "zod";

// Only what is used, and that in the spelling of the API. `datacenter` went from it in 2026.

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {});
const protection = z.object({ delete: z.boolean() });
const price = z.object({ net: z.string() });

export const action = z.object({
  id: z.int(),
  command: z.string(),
  status: z.enum(["running", "success", "error"]),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});
export type Action = z.infer<typeof action>;

export const location = z.object({ name: z.string(), network_zone: z.string().optional() });

export const image = z.object({
  id: z.int(),
  /** Null for snapshots. */
  name: z.string().nullable(),
  type: z.string(),
  status: z.string(),
  disk_size: z.number(),
  architecture: z.string().optional(),
  deprecated: z.string().nullish(),
});
export type Image = z.infer<typeof image>;

export const serverType = z.object({
  id: z.int(),
  name: z.string(),
  cores: z.int(),
  /** GB. */
  memory: z.number(),
  disk: z.int(),
  architecture: z.string().optional(),
  prices: z.array(z.object({ location: z.string(), price_monthly: price })),
  /** Where it is sold, and whether it can be had there now. */
  locations: z.array(z.object({ name: z.string(), available: z.boolean().optional() })).nullish(),
});
export type ServerType = z.infer<typeof serverType>;

export const server = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  created: z.string(),
  public_net: z.object({ ipv4: z.object({ ip: z.string() }).nullish() }),
  private_net: z.array(z.object({ ip: z.string() })).nullish(),
  server_type: z.object({ name: z.string() }),
  location: z.object({ name: z.string() }).nullish(),
  datacenter: z.object({ location: z.object({ name: z.string() }) }).nullish(),
  image: z.object({ id: z.int(), name: z.string().nullish() }).nullish(),
  locked: z.boolean(),
  backup_window: z.string().nullish(),
  protection,
  labels,
  primary_disk_size: z.int(),
});
export type Server = z.infer<typeof server>;

export const key = z.object({ id: z.int(), name: z.string(), public_key: z.string(), labels });
export type Key = z.infer<typeof key>;

export const volume = z.object({
  id: z.int(),
  name: z.string(),
  server: z.int().nullish(),
  location: z.object({ name: z.string() }),
  size: z.int(),
  format: z.string().nullish(),
  linux_device: z.string().nullish(),
  protection,
  labels,
});
export type Volume = z.infer<typeof volume>;

export const rule = z.object({
  direction: z.enum(["in", "out"]),
  protocol: z.string(),
  port: z.string().nullish(),
  source_ips: z.array(z.string()).nullish(),
  destination_ips: z.array(z.string()).nullish(),
  description: z.string().nullish(),
});
export type Rule = z.infer<typeof rule>;

export const firewall = z.object({
  id: z.int(),
  name: z.string(),
  labels,
  rules: z.array(rule),
  applied_to: z
    .array(
      z.object({
        type: z.string(),
        server: z.object({ id: z.int() }).nullish(),
        label_selector: z.object({ selector: z.string() }).nullish(),
      }),
    )
    .nullish(),
});
export type Firewall = z.infer<typeof firewall>;

export const floatingIp = z.object({
  id: z.int(),
  name: z.string(),
  ip: z.string(),
  type: z.string(),
  server: z.int().nullish(),
  home_location: z.object({ name: z.string() }),
  protection,
  labels,
});
export type FloatingIp = z.infer<typeof floatingIp>;

export const pricing = z.object({
  currency: z.string(),
  volume: z.object({ price_per_gb_month: price }),
  server_backup: z.object({ percentage: z.string() }),
  floating_ips: z.array(z.object({ type: z.string(), prices: z.array(z.object({ price_monthly: price })) })),
  primary_ips: z.array(z.object({ type: z.string(), prices: z.array(z.object({ price_monthly: price })) })).nullish(),
});
export type Pricing = z.infer<typeof pricing>;
