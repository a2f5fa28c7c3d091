import { z } from "zod";
import { type Api, path } from "./call.ts";
import { action } from "./shapes.ts";

export const account = z.object({
  email: z.string(),
  droplet_limit: z.int(),
  floating_ip_limit: z.int().optional(),
  /** Said by some accounts; the document names neither. */
  reserved_ip_limit: z.int().optional(),
  volume_limit: z.int().optional(),
  uuid: z.string().optional(),
  name: z.string().optional(),
  status: z.string(),
  status_message: z.string().optional(),
  team: z.object({ uuid: z.string().optional(), name: z.string().optional() }).nullish(),
});
export type Account = z.infer<typeof account>;

export const accountCalls = (api: Api) => ({
  get: () => api.one("GET", "/v2/account", "account", account),
});

/** Actions of whatever resource. */
export const actionCalls = (api: Api) => ({
  list: () => api.every("/v2/actions", "actions", action),
  get: (id: number) => api.one("GET", path`/v2/actions/${id}`, "action", action),
});
