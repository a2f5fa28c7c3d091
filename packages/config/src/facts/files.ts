import type { Reading } from "@slipway/model";

/** What stands at a path. Links are followed, except for `link`. */
export interface FileSeen {
  readonly kind: "file" | "directory" | "other" | "absent";
  /** Whether the path itself is a symbolic link, dangling or not. */
  readonly link: boolean;
  /** What the link points to, as it is written. */
  readonly target?: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Of a regular file. */
  readonly sha256?: string;
  /** Of a regular file up to 64 KiB whose digest is not the wanted one. */
  readonly content?: string;
}

// Subjects are "<wanted digest or nothing>:<path>". Three processes in all, and one more per link and per file whose content differs.
const script = `w=$(printf '%s\\n' "$@")
for s do shift; set -- "$@" "\${s#*:}"; done
stat -c 'l	%n	%F' -- "$@"
for p do [ ! -L "$p" ] || printf 'n	%s	%s\\n' "$p" "$(readlink -- "$p")"; done
stat -L -c 's	%n	%F	%a	%U	%G' -- "$@"
h=$(sha256sum -- "$@")
printf '%s\\n' "$h"
set -f
IFS='
'
for s in $w; do
d=\${s%%:*} p=\${s#*:}
[ -n "$d" ] && [ -f "$p" ] || continue
case $h in *"$d  $p"*) continue ;; esac
[ "$(wc -c <"$p")" -le 65536 ] || continue
printf 'c	%s	' "$p"
base64 "$p" | tr -d '\\n'
echo
done`;

/** What stands at a path. With `wanted`, the SHA-256 of the content it should have, a different content comes along for a diff. */
export const file = (path: string, wanted = ""): Reading<FileSeen> => ({
  read: ["sh", "-c", script, "files"],
  of: [`${wanted}:${path}`],
  reads: [`file:${path}`],
  parse: (stdout) => parseFile(stdout, path),
});

const absent: FileSeen = { kind: "absent", link: false, mode: "", owner: "", group: "" };

/** Finds one path in the output of the script above. */
export function parseFile(stdout: string, path: string): FileSeen {
  let seen = absent;
  let link = false;
  let target: string | undefined;
  for (const line of stdout.split("\n")) {
    const fields = line.split("\t");
    if (fields[1] === path && fields[0] === "l") link = fields[2] === "symbolic link";
    else if (fields[1] === path && fields[0] === "n") target = fields[2] ?? "";
    else if (fields[1] === path && fields[0] === "s") {
      const [, , kind = "", mode = "", owner = "", group = ""] = fields;
      seen = { kind: kindOf(kind), link: false, mode: mode.padStart(4, "0"), owner, group };
    } else if (fields[1] === path && fields[0] === "c") {
      seen = { ...seen, content: Buffer.from(fields[2] ?? "", "base64").toString("utf8") };
    } else if (line.slice(64) === `  ${path}`) seen = { ...seen, sha256: line.slice(0, 64) };
  }
  return { ...seen, link, ...(target === undefined ? {} : { target }) };
}

const kindOf = (text: string): FileSeen["kind"] =>
  text.startsWith("regular") ? "file" : text === "directory" ? "directory" : "other";
