import { z } from "zod";
import type { Api } from "./call.ts";

export const region = z.object({
  slug: z.string(),
  available: z.boolean(),
  features: z.array(z.string()).optional(),
});
export type Region = z.infer<typeof region>;

export const size = z.object({
  slug: z.string(),
  /** MB. */
  memory: z.int(),
  vcpus: z.int(),
  /** GB. */
  disk: z.int(),
  price_monthly: z.number(),
  regions: z.array(z.string()),
  available: z.boolean(),
});
export type Size = z.infer<typeof size>;

export const regionCalls = (api: Api) => ({
  list: () => api.every("/v2/regions", "regions", region),
});
export const sizeCalls = (api: Api) => ({
  list: () => api.every("/v2/sizes", "sizes", size),
});
