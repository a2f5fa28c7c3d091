import {
  type Change,
  type DebianLike,
  debianLike,
  property,
  type Reading,
  type Revertable,
  together,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { text } from "../facts/texts.ts";

/** `net.ipv4.ip_forward` or `net/ipv4/ip_forward` → its file. Which sign comes first separates, the other one is the dot of a name. */
const liveFile = (key: string): string =>
  /^[^.]*\//.test(key)
    ? `/proc/sys/${key}`
    : `/proc/sys/${key.replaceAll(/[./]/g, (sign) => (sign === "." ? "/" : "."))}`;

const spaced = (value: string): string => value.trim().split(/\s+/).join(" ");

/** The value of a setting of the running kernel; undefined when it knows none of this name. */
export const setting = (key: string): Reading<string | undefined> => ({
  read: ["grep", "-aH", "", "--"],
  of: [liveFile(key)],
  reads: [`sysctl:${key}`],
  parse: (stdout) => {
    const start = `${liveFile(key)}:`;
    const line = stdout.split("\n").find((one) => one.startsWith(start));
    return line === undefined ? undefined : spaced(line.slice(start.length));
  },
});

/**
 * A setting of the kernel has this value, now and after a reboot. What it was before is noted in its file in /etc/sysctl.d, and its opposite
 * puts that back. Containers may not change all of them. Throws `config.bad-argument`.
 */
export function is(key: string, value: string | number): Revertable<DebianLike> {
  if (!/^[a-z0-9_-]+([./][A-Za-z0-9_@:-]+)+$/.test(key) || /[./]{2}/.test(key))
    throw fail(
      "config.bad-argument",
      `"${key}" is not the name of a setting of the kernel, such as net.ipv4.ip_forward`,
    );
  const wanted = spaced(String(value));
  if (wanted === "" || /[\u0000-\u0008\u000a-\u001f]/.test(String(value)))
    throw fail("config.bad-argument", `${JSON.stringify(value)} is no value for ${key}`);
  // After what packages and the system's own sysctl.conf say.
  const path = `/etc/sysctl.d/zz-slipway-${key.replaceAll("/", "_")}.conf`;
  const before = "# before: ";
  const set = (to: string): Change => ["sh", "-c", 'printf "%s\\n" "$2" >"$1"', "set", liveFile(key), to];
  return property(`${key} is ${wanted}`, {
    on: debianLike,
    about: `sysctl:${key}`,
    detail: wanted,
    observe: together({ live: setting(key), stored: text(path) }),
    plan: ({ live, stored }) => {
      const changes: Change[] = [];
      const former = stored.lines.find((line) => line.startsWith(before))?.slice(before.length) ?? live;
      if (!stored.lines.includes(`${key} = ${wanted}`)) {
        const note = former === undefined ? "" : `${before}${former}\n`;
        const content = `${note}${key} = ${wanted}\n`;
        changes.push({ path, content, mode: "0644", owner: "root", group: "root" });
      }
      if (live !== wanted) changes.push(set(wanted));
      return changes;
    },
    diff: ({ live }) => (live === wanted ? undefined : `- ${live ?? "unknown"}\n+ ${wanted}`),
    writes: [`sysctl:${key}`, `file:${path}`],
    revert: {
      title: `${key} is as it was`,
      plan: ({ live, stored }) => {
        if (stored.sha256 === undefined) return [];
        const former = stored.lines.find((line) => line.startsWith(before))?.slice(before.length);
        return [...(former === undefined || former === live ? [] : [set(former)]), { remove: path }];
      },
    },
  });
}
