import { z } from "zod";

// What this package reads of DigitalOcean's API v2; anything else in an answer is ignored.

export const region = z.object({ slug: z.string(), available: z.boolean() });
export const size = z.object({
  slug: z.string(),
  memory: z.number(),
  vcpus: z.number(),
  disk: z.number(),
  price_monthly: z.number(),
  regions: z.array(z.string()),
  available: z.boolean(),
});
export const image = z.object({ id: z.int(), slug: z.string().nullish(), name: z.string().nullish() });
export const key = z.object({ id: z.int(), fingerprint: z.string(), public_key: z.string(), name: z.string() });
export const droplet = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  created_at: z.string(),
  size_slug: z.string(),
  region: z.object({ slug: z.string().optional() }),
  image: z.object({ slug: z.string().nullish(), id: z.int().optional() }),
  tags: z
    .array(z.string())
    .nullish()
    .transform((tags) => tags ?? []),
  networks: z.object({
    v4: z
      .array(z.object({ ip_address: z.string(), type: z.string() }))
      .nullish()
      .transform((all) => all ?? []),
  }),
});
export const action = z.object({
  id: z.int(),
  status: z.enum(["in-progress", "completed", "errored"]),
  type: z.string(),
});
export const account = z.object({ email: z.string(), droplet_limit: z.number(), status: z.string() });

export type Region = z.infer<typeof region>;
export type Size = z.infer<typeof size>;
export type Image = z.infer<typeof image>;
export type Key = z.infer<typeof key>;
export type Droplet = z.infer<typeof droplet>;
export type Action = z.infer<typeof action>;
export type Account = z.infer<typeof account>;
