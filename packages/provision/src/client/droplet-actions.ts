import { actOnce } from "./act.ts";
import { type Api, path } from "./call.ts";
import type { BackupPolicy } from "./droplets.ts";
import { type Action, action, listOf } from "./shapes.ts";

/** What can be done to all droplets of a tag. */
export type TaggedDropletAct =
  | {
      readonly type:
        | "power_on"
        | "power_off"
        | "power_cycle"
        | "shutdown"
        | "reboot"
        | "disable_backups"
        | "enable_ipv6";
    }
  /** Daily without a policy. */
  | { readonly type: "enable_backups"; readonly backup_policy?: BackupPolicy }
  | { readonly type: "snapshot"; readonly name: string };

export type DropletAct =
  | TaggedDropletAct
  | { readonly type: "password_reset" }
  /** `disk` grows the disk too, which cannot be undone. The droplet must be off. */
  | { readonly type: "resize"; readonly size: string; readonly disk?: boolean }
  | { readonly type: "rebuild"; readonly image: string | number }
  | { readonly type: "restore"; readonly image: number }
  | { readonly type: "rename"; readonly name: string }
  | { readonly type: "change_kernel"; readonly kernel: number }
  | { readonly type: "change_backup_policy"; readonly backup_policy: BackupPolicy };

export const dropletActionCalls = (api: Api) => ({
  list: (id: number) => api.every(path`/v2/droplets/${id}/actions`, "actions", action),
  get: (id: number, actionId: number) => api.one("GET", path`/v2/droplets/${id}/actions/${actionId}`, "action", action),
  /** Starts an action, once. A droplet has one at a time: rejects with `machine.busy` while another is under way. */
  start: (id: number, asked: DropletAct): Promise<Action> => actOnce(api, path`/v2/droplets/${id}/actions`, asked),
  /** Starts one for each droplet of a tag. After a lost answer nothing is repeated. */
  startTagged: (tag: string, asked: TaggedDropletAct): Promise<Action[]> =>
    api.one("POST", "/v2/droplets/actions", "actions", listOf(action), { body: asked, query: { tag_name: tag } }),
});
