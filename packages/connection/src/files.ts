import type { Command, Connection } from "@slipway/model";
import { fail } from "./errors.ts";

export interface WriteOptions {
  /** Four octal digits, or three. Default 0644. */
  readonly mode?: string;
  /** `user` or `user:group`. Default: whoever runs the commands. */
  readonly owner?: string;
  readonly signal?: AbortSignal;
}

/** The size is compared before the rename: a connection that breaks half-way must not leave half a file. */
const writeScript = `set -eu
umask 077
path=$1 size=$2 mode=$3 owner=$4
dir=$(dirname -- "$path")
tmp=$(mktemp "$dir/.slipway-XXXXXXXX")
trap 'rm -f -- "$tmp"' EXIT
cat > "$tmp"
[ "$(wc -c < "$tmp")" -eq "$size" ] || { echo "the content arrived incomplete" >&2; exit 1; }
[ -z "$owner" ] || chown -- "$owner" "$tmp"
chmod -- "$mode" "$tmp"
sync "$tmp"
[ ! -d "$path" ] || { echo "$path is a folder" >&2; exit 1; }
mv -f -- "$tmp" "$path"
trap - EXIT
sync "$dir"`;

/**
 * Writes a file on the host so that readers see the old content or the new, and a crash leaves one of them. The content travels over
 * standard input only. The folder must exist. Throws `connection.file` with what the host said.
 */
export async function writeFileAtomic(
  connection: Connection,
  path: string,
  content: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  const words = [path, String(Buffer.byteLength(content)), options.mode ?? "0644", options.owner ?? ""];
  const command: Command = ["sh", "-c", writeScript, "sh", ...words];
  const { status, stderr } = await connection.exec(command, {
    stdin: content,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (status !== 0) {
    throw fail("connection.file", `${path} on ${connection.host} could not be written: ${stderr.trim().slice(0, 300)}`);
  }
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** A larger file rejects with `connection.output-too-large`. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** The bytes of a file. Throws `connection.file-missing`, or `connection.file` when it cannot be read. */
export async function readFile(connection: Connection, path: string, options: ReadOptions = {}): Promise<Buffer> {
  const max = options.maxBytes ?? 64 * 1024 * 1024;
  const script = '[ -e "$1" ] || exit 66; exec cat -- "$1"';
  const process = await connection.spawn(["sh", "-c", script, "sh", path], options);
  process.stdin.end();
  const chunks: Buffer[] = [];
  let size = 0;
  let complaint = "";
  process.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  process.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > max) process.kill();
    else chunks.push(chunk);
  });
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const outcome = await process.exit.catch((error: unknown) => {
    if (size > max) return { status: -1 };
    throw error;
  });
  options.signal?.throwIfAborted();
  if (size > max)
    throw fail("connection.output-too-large", `${path} on ${connection.host} is larger than ${max} bytes`);
  if (outcome.status === 66) throw fail("connection.file-missing", `there is no ${path} on ${connection.host}`);
  if (outcome.status !== 0) {
    throw fail("connection.file", `${path} on ${connection.host} cannot be read: ${complaint.trim().slice(0, 300)}`);
  }
  return Buffer.concat(chunks);
}

export interface TailOptions {
  /** First byte to give, counted from 0. Default 0. */
  readonly fromByte?: number;
  readonly signal?: AbortSignal;
}

/** Ends `tail` when standard input ends, which is also what a broken connection looks like from the host. */
const tailScript = `tail -c "+$2" -F -- "$1" 2>/dev/null &
t=$!
exec 3<&0 0</dev/null
{ cat <&3; kill "$t"; } >/dev/null 2>&1 &
exec 3<&-
wait "$t"
exit 0`;

/**
 * The bytes of a file from `fromByte` on, and then what is added to it, until the signal aborts (which ends the iteration quietly) or the
 * connection breaks (which throws). The file may come into being later. Leaving the loop ends the command on the host.
 */
export async function* tail(
  connection: Connection,
  path: string,
  options: TailOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const aborted = (): boolean => options.signal?.aborted === true;
  if (aborted()) return;
  const process = await connection.spawn(["sh", "-c", tailScript, "sh", path, String((options.fromByte ?? 0) + 1)]);
  process.stderr.resume();
  process.stderr.on("error", () => {});
  const stop = (): void => {
    process.stdin.end();
    process.kill();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  if (aborted()) stop();
  try {
    for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
      if (aborted()) return;
      yield chunk;
    }
    if (!aborted()) await process.exit;
  } catch (error) {
    if (!aborted()) throw error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
    stop();
    process.exit.catch(() => {});
  }
}
