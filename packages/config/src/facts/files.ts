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

/** Finds one path in the output of the script above, without taking all of it apart: there may be hundreds of files. */
export function parseFile(stdout: string, path: string): FileSeen {
  const link = lineWith(stdout, `l\t${path}\t`)?.[2] === "symbolic link";
  const target = lineWith(stdout, `n\t${path}\t`)?.[2];
  const stat = lineWith(stdout, `s\t${path}\t`);
  const base = { link, ...(target === undefined ? {} : { target }) };
  if (stat === undefined) return { ...absent, ...base };
  const [, , kind = "", mode = "", owner = "", group = ""] = stat;
  const content = lineWith(stdout, `c\t${path}\t`)?.[2];
  const sha256 = digestIn(stdout, path);
  return {
    ...base,
    kind: kindOf(kind),
    mode: mode.padStart(4, "0"),
    owner,
    group,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(content === undefined ? {} : { content: Buffer.from(content, "base64").toString("utf8") }),
  };
}

/** The fields of the last line that starts so: where a link points to is said by others, and comes before what stat says. */
function lineWith(text: string, start: string): readonly string[] | undefined {
  const after = text.lastIndexOf(`\n${start}`) + 1;
  if (after === 0 && !text.startsWith(start)) return undefined;
  return text.slice(after, endOfLine(text, after)).split("\t");
}

/** From the last line of sha256sum about it: 64 hexadecimal digits, two blanks, the path. */
function digestIn(text: string, path: string): string | undefined {
  const rest = `  ${path}`;
  for (let at = text.lastIndexOf(rest); at >= 64; at = text.lastIndexOf(rest, at - 1)) {
    const start = at - 64;
    const whole = endOfLine(text, at) === at + rest.length;
    if (whole && (start === 0 || text[start - 1] === "\n")) return text.slice(start, at);
  }
  return undefined;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at;
}

const kindOf = (text: string): FileSeen["kind"] =>
  text.startsWith("regular") ? "file" : text === "directory" ? "directory" : "other";
