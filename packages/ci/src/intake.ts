import type { Context } from "./context.ts";
import { fail } from "./errors.ts";
import { printable } from "./log.ts";
import { inOrder, type PushRequest, parseRequest, type Seen, toQueue } from "./queue.ts";
import { asOwner, queueFolder } from "./repository.ts";

/** One line per file of the queue: its name, a tab, its content without line ends. Temporary files are hidden or end otherwise. */
const list =
  'cd "$1" 2>/dev/null || exit 0; for f in *.json; do [ -f "$f" ] || continue; printf "%s\\t" "$f"; head -c 4096 "$f" | tr -d "\\n\\r\\t"; echo; done';

/**
 * Looks for pushes and queues their runs: those that the hook wrote down, and with `refs` also review branches whose commit
 * never had a run. A request's file is removed after its run is on the disk, so a crash between gives no second run.
 */
export async function takeIn(
  context: Context,
  seen: Seen,
  options: { readonly refs: boolean; readonly nextId: () => string },
): Promise<void> {
  const { connection, git, repository } = context;
  // The refs first: a push between the two then still has its file.
  const refs = options.refs ? await git.reviewRefs() : new Map<string, string>();
  const folder = queueFolder(repository);
  const { status, stdout, stderr } = await connection.exec(asOwner(repository, ["sh", "-c", list, "sh", folder]), {
    timeoutMs: 30_000,
  });
  if (status !== 0) throw fail("ci.git", `the queue ${folder} cannot be read: ${stderr.trim()}`);
  const requests: PushRequest[] = [];
  const files: string[] = [];
  for (const line of stdout.split("\n")) {
    const [file = "", text = ""] = line.split("\t");
    if (file === "") continue;
    files.push(file);
    const request = parseRequest(file, text);
    if (request !== undefined) requests.push(request);
  }
  for (const { request, ref, commit } of toQueue(seen, inOrder(requests), refs)) {
    if ((await git.resolve(commit)) === undefined) continue;
    const { subject, author } = await git.info(commit);
    await context.record({
      type: "run queued",
      run: options.nextId(),
      request,
      ref,
      commit,
      subject: printable(subject),
      author: printable(author),
    });
  }
  if (files.length > 0) {
    await connection.exec(
      asOwner(repository, ["sh", "-c", 'cd "$1" && shift && rm -f -- "$@"', "sh", folder, ...files]),
      { timeoutMs: 30_000 },
    );
  }
}
