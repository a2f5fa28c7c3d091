import { type Change, everyOs, type Os, type Property, property, together } from "@slipway/model";
import { fail } from "../errors.ts";

const text = (path: string) => ({
  read: ["cat", path] as const,
  reads: [`file:${path}`],
  parse: (stdout: string) => stdout,
});

/** Whether a line of /etc/hosts has the names, in whatever spacing: cloud-init writes a short name twice. */
function tells(line: string, name: string, short: string): boolean {
  const [address, first, ...others] = line.replace(/#.*/, "").split(/\s+/);
  return address === "127.0.1.1" && first === name && (short === name || others.includes(short));
}

/** The machine calls itself so, now and after a reboot, and can resolve its own name. */
export function is(name: string): Property<Os> {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name) || name.length > 64) {
    throw fail("config.bad-argument", `"${name}" is not a host name`);
  }
  const short = name.split(".")[0] ?? name;
  const line = `127.0.1.1\t${short === name ? name : `${name} ${short}`}`;
  const own = { mode: "0644", owner: "root", group: "root" };
  return property(`hostname is ${name}`, {
    on: everyOs,
    about: "hostname",
    observe: together({
      now: { read: ["uname", "-n"], reads: ["hostname"], parse: (stdout) => stdout.trim() },
      file: text("/etc/hostname"),
      hosts: text("/etc/hosts"),
    }),
    plan: ({ now, file, hosts }) => {
      const changes: Change[] = [];
      const lines = hosts.split("\n");
      if (!lines.some((one) => tells(one, name, short))) {
        const others = lines.filter((one) => !/^127\.0\.1\.1\s/.test(one));
        const after = others.findIndex((one) => /^127\.0\.0\.1\s/.test(one)) + 1;
        others.splice(after, 0, line);
        changes.push({ path: "/etc/hosts", content: `${others.join("\n").trimEnd()}\n`, ...own });
      }
      if (file.trim() !== name) changes.push({ path: "/etc/hostname", content: `${name}\n`, ...own });
      if (now !== name) changes.push(["hostname", name]);
      return changes;
    },
    writes: ["hostname", "file:/etc/hostname", "file:/etc/hosts"],
  });
}
