import type { Connection } from "@slipway/model";

// The words are in a file that only root reads, as a grep with them among its arguments would find itself.
const watch = `umask 077
mkdir -p /run/canary && cat >/run/canary/words && echo ready
while [ ! -e /run/canary/stop ]; do
grep -aslF -f /run/canary/words /proc/[0-9]*/cmdline /proc/[0-9]*/environ | while read -r f; do
tr '\\0' ' ' <"\${f%/*}/cmdline" 2>/dev/null | cut -c1-60
done
done`;
/** Where no value of a secret may lie afterwards: what the engine keeps, logs, and places for passing files. */
const places = "/var/lib/slipway /var/log /tmp /var/tmp /dev/shm";

export interface Canary {
  /** Ends the watch. Gives every place where a value was seen: processes while it ran, files now. */
  end(): Promise<readonly string[]>;
}

/**
 * Watches a host for values in arguments and environments of its processes, as long as something is done there. What stands in `open` is
 * no secret.
 */
export async function canary(connection: Connection, values: readonly string[], open = ""): Promise<Canary> {
  const words = values
    .flatMap((value) => [
      ...value.split("\n").filter((line) => line.length >= 8),
      Buffer.from(value).toString("base64"),
    ])
    .filter((word) => !open.includes(word));
  const watcher = await connection.spawn(["sh", "-c", watch]);
  watcher.stderr.resume();
  let said = "";
  const ready = Promise.withResolvers<void>();
  watcher.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    if (said.startsWith("ready\n")) ready.resolve();
  });
  watcher.stdin.end(`${words.join("\n")}\n`);
  await ready.promise;
  return {
    async end() {
      await connection.exec(["touch", "/run/canary/stop"]);
      await watcher.exit;
      const script = `grep -raslF -f /run/canary/words ${places}; journalctl -q --no-pager | grep -aF -f /run/canary/words | cut -c1-60; rm -r /run/canary`;
      const left = await connection.exec(["sh", "-c", script]);
      return [...said.slice("ready\n".length).split("\n"), ...left.stdout.split("\n")].filter((line) => line !== "");
    },
  };
}
