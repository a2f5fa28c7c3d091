import { readFile } from "node:fs/promises";
import { help } from "./helper.ts";
import type { Cloud } from "./state.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
const enough = 8_192;

/**
 * Each machine's systemd watches files by several inotify instances, of which Linux gives all containers of one engine 128 together: about 25
 * machines, and the next dies at boot without a word. Raises that limit, never lowers it.
 */
export async function makeRoom(cloud: Cloud): Promise<void> {
  const now = Number(await readFile(setting, "utf8").catch(() => enough));
  if (now < enough) await help(cloud, { on: "room", script: 'echo "$2" > "$1"', args: [setting, String(enough)] });
}
