import { createInterface } from "node:readline";
import { type Clock, type Connection, sh, systemClock } from "@slipway/model";
import { fail } from "./errors.ts";
import { pathsOf } from "./names.ts";

export interface LockOptions {
  /** Who asks, for whoever is refused: `anna@laptop`. */
  readonly by: string;
  /** What for. */
  readonly action: string;
  /** How long to wait for another holder. Default 0: refused at once. */
  readonly waitMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** The right to change an application on its host. */
export interface Lock extends AsyncDisposable {
  /** Higher than every holder's before. A mutation with a lower number is refused. */
  readonly fence: number;
  /** Aborts when the lock is lost, as when the connection breaks. */
  readonly lost: AbortSignal;
}

/** How often the holder shows that it lives, and how long the host waits for that before it gives the lock free. */
const beatMs = 10_000;
const silenceSeconds = 60;

/**
 * The lock is the kernel's, held by this process on the host: it ends with the SSH session, however that ends. The number of the fence is
 * raised under it.
 */
const script = sh`set -u
root=$1 wait=$2 holder=$3
(umask 066; mkdir -p "$root/flags") || exit 1
chmod a+x /var/lib/slipway /var/lib/slipway/apps "$root" "$root/flags"
exec 9>>"$root/lock"
if ! flock -w "$wait" 9; then
  printf 'busy %s\n' "$(cat "$root/lock.json" 2>/dev/null)"
  exit 0
fi
fence=$(( $(cat "$root/fence" 2>/dev/null || echo 0) + 1 ))
printf '%s\n' "$fence" > "$root/fence.new" && sync "$root/fence.new" && mv "$root/fence.new" "$root/fence" || exit 1
printf '%s\n' "$holder" > "$root/lock.json"
printf 'held %s\n' "$fence"
while beat=$(timeout ${silenceSeconds} head -c 1) && [ -n "$beat" ]; do :; done
rm -f "$root/lock.json"`.text;

interface Holder {
  readonly by: string;
  readonly action: string;
  readonly since: string;
}

/** Takes the lock of an application. Throws `deploy.locked` (exit 5), naming the holder and since when. */
export async function takeLock(connection: Connection, app: string, options: LockOptions): Promise<Lock> {
  const clock = options.clock ?? systemClock;
  const holder: Holder = { by: options.by, action: options.action, since: new Date(clock.now()).toISOString() };
  const wait = String(Math.ceil((options.waitMs ?? 0) / 1_000));
  const command = ["sh", "-c", script, "sh", pathsOf(app).root, wait, JSON.stringify(holder)] as const;
  options.signal?.throwIfAborted();
  // Not bound to the signal: whoever was interrupted still needs the lock to put things back.
  const held = await connection.spawn(command);
  const errors: Buffer[] = [];
  held.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const lines = createInterface({ input: held.stdout });
  const exit = held.exit.then(
    ({ status }) => `the lock's process ended with ${status}: ${Buffer.concat(errors).toString("utf8").trim()}`,
    (error: unknown) => `the connection broke: ${String(error)}`,
  );
  const interrupt = (): void => held.kill();
  options.signal?.addEventListener("abort", interrupt, { once: true });
  const first = await Promise.race([new Promise<string>((resolve) => lines.once("line", resolve)), exit]);
  options.signal?.removeEventListener("abort", interrupt);
  if (options.signal?.aborted === true) {
    held.kill();
    throw options.signal.reason;
  }
  const word = /^(held|busy) ?(.*)$/.exec(first);
  if (word?.[1] === "busy") {
    held.kill();
    throw fail("deploy.locked", `${app} on ${connection.host} is locked${describe(word[2] ?? "")}`);
  }
  if (word?.[1] !== "held") {
    held.kill();
    throw fail("deploy.host", `${connection.host} gave no lock: ${first}`);
  }
  const released = new AbortController();
  const lost = new AbortController();
  void exit.then((why) => {
    if (!released.signal.aborted)
      lost.abort(fail("deploy.fenced", `the lock of ${app} on ${connection.host} was lost: ${why}`));
  });
  // A write to a process that ended is told by its exit.
  held.stdin.on("error", () => undefined);
  void beat();
  async function beat(): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(beatMs, released.signal);
        held.stdin.write(".");
      }
    } catch {
      // Released.
    }
  }
  return {
    fence: Number(word[2]),
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      released.abort();
      held.stdin.end();
      await exit;
    },
  };
}

function describe(text: string): string {
  try {
    const { by, action, since } = JSON.parse(text) as Holder;
    return ` by ${by} (${action}) since ${since}`;
  } catch {
    // The holder has not written its name yet, or died before it could be removed.
    return "";
  }
}
