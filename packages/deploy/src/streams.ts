import { type Connection, sh } from "@slipway/model";
import { emptyMark, StreamCounter } from "./data.ts";
import { fail } from "./errors.ts";
import { eventFile } from "./names.ts";
import type { BackupFile, History, StreamMark, VersionCounts } from "./record.ts";
import type { Target } from "./target.ts";

/**
 * Counts a stream by type and version, reading only what lies after `from`. A file shorter than `from` was not appended to alone:
 * `deploy.stream-corrupt`.
 */
export async function markStream(
  connection: Connection,
  app: string,
  service: string,
  from: StreamMark = emptyMark,
): Promise<StreamMark> {
  const path = eventFile(app, service);
  const script = sh`[ -e ${path} ] || { [ ${from.bytes} -eq 0 ]; exit; }
[ "$(wc -c < ${path})" -ge ${from.bytes} ] || exit 1
exec tail -c ${`+${from.bytes + 1}`} -- ${path}`;
  const reading = await connection.spawn(["sh", "-c", script.text]);
  reading.stdin.end();
  reading.stderr.resume();
  const counter = new StreamCounter(`${app}/${service}`, from);
  try {
    for await (const chunk of reading.stdout) counter.add(chunk as Uint8Array);
  } catch (error) {
    reading.kill();
    reading.exit.catch(() => undefined);
    throw error;
  }
  const { status } = await reading.exit;
  if (status !== 0)
    throw fail(
      "deploy.stream-corrupt",
      `${path} is shorter than the ${from.bytes} bytes it once had, or cannot be read`,
    );
  return counter.mark();
}

/** The streams as they are, counted on from where the current deployment became the writer. */
export async function markStreams(
  connection: Connection,
  app: string,
  services: readonly string[],
  history: History,
): Promise<Readonly<Record<string, StreamMark>>> {
  const marks: Record<string, StreamMark> = {};
  for (const service of services) {
    const known = (history.pending?.streams ?? history.current?.streams)?.[service];
    marks[service] = await markStream(connection, app, service, known);
  }
  return marks;
}

export const versionsOf = (marks: Readonly<Record<string, StreamMark>>): Readonly<Record<string, VersionCounts>> =>
  Object.fromEntries(Object.entries(marks).map(([service, mark]) => [service, mark.versions]));

const keptBackups = 10;

/**
 * Copies streams as of now into a folder of its own, and reads the copy back: the sum of the copy equals that of the same bytes of the
 * original, and its lines are counted. A line that is just being written is left out. Older backups than the last ten are removed.
 */
export async function backUp(
  target: Target,
  name: string,
  services: readonly string[],
): Promise<{ readonly folder: string; readonly files: readonly BackupFile[] }> {
  const { backups } = target.paths;
  const folder = `${backups}/${name}`;
  const sources = services.map((service) => eventFile(target.app, service));
  const out = await target.change(
    "back up the events",
    sh`umask 077
folder=${folder} all=${backups}
mkdir -p "$all"
rm -rf "$all"/*.part
part=$folder.part
mkdir "$part"
for source in ${sources}; do
  service=$(basename "$(dirname "$source")")
  copy=$part/$service.events.jsonl
  if [ -e "$source" ]; then cat -- "$source" > "$copy.raw"; else : > "$copy.raw"; fi
  lines=$(wc -l < "$copy.raw")
  head -n "$lines" "$copy.raw" > "$copy"
  rm "$copy.raw"
  bytes=$(wc -c < "$copy")
  sum=$(sha256sum < "$copy" | cut -c1-64)
  if [ -e "$source" ]; then same=$(head -c "$bytes" -- "$source" | sha256sum | cut -c1-64); else same=$sum; fi
  [ "$sum" = "$same" ] || { echo "the copy of $source differs from it" >&2; exit 1; }
  printf '%s %s %s %s\n' "$service" "$sum" "$lines" "$bytes" | tee -a "$part/SUMS"
  sync "$copy"
done
sync "$part/SUMS" "$part"
mv "$part" "$folder"
sync "$all"
ls -1d "$all"/*/ | sort | head -n -${keptBackups} | while read -r old; do rm -rf "$old"; done`,
  );
  const files = out
    .trim()
    .split("\n")
    .map((line): BackupFile => {
      const [service = "", sha256 = "", events = "", bytes = ""] = line.trim().split(" ");
      return { service, sha256, events: Number(events), bytes: Number(bytes) };
    });
  if (files.length !== services.length || files.some((file) => !/^[0-9a-f]{64}$/.test(file.sha256)))
    throw fail("deploy.backup", `the backup ${folder} on ${target.connection.host} is not complete`);
  return { folder, files };
}
