import { type Command, everyOs, type Os, property, type Revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { type TextSeen, text as textAt } from "../facts/texts.ts";
import { plainPath } from "./file-ownership.ts";

// The new file keeps mode and owner.
const beside = `d=\${t%/*} b=\${t##*/}
rm -f -- "$d/.$b.slipway-"??????
T=$(umask 077 && mktemp "$d/.$b.slipway-XXXXXX") || exit
trap 'rm -f -- "$T"' EXIT
if [ -e "$t" ]; then cp -p -- "$t" "$T"; else chmod 0644 "$T"; fi || exit`;

const install = `for w do
shift
case $w in *'{}'*) w="\${w%%'{}'*}$T\${w#*'{}'}" ;; esac
set -- "$@" "$w"
done
[ "$#" -eq 0 ] || "$@" || exit
sync "$T" && mv -f -- "$T" "$t" && sync "$d"`;

// Lines are named by their number, so the file's digest has to be the one that the plan was made for.
const edit = `shift
t=$(readlink -f -- "$1") || t=$1
want=$2 D=$3 A=$4 X=$5
export D A X
shift 5
s= f=/dev/null
[ ! -e "$t" ] || { f=$t s=$(sha256sum <"$t"); }
[ "\${s%% *}" = "$want" ] || { echo "$t was changed by somebody else meanwhile" >&2; exit 1; }
${beside}
awk 'function put(){ORS="";print ENVIRON["X"];ORS="\\n"}
BEGIN{n=split(ENVIRON["D"],a,",");for(i=1;i<=n;i++)d[a[i]]=1;A=ENVIRON["A"]+0}
NR==A{put()}
!(NR in d)
END{if(A>NR)put()}' "$f" >"$T" || exit
${install}`;

// What takes something away is noted when it is brought, and run when the file may be another one: it looks for itself.
const without = (program: string): string => `shift
t=$(readlink -f -- "$1") && [ -e "$t" ] || exit 0
L=$2 E=$3
export L E
shift 3
${beside}
awk '${program}' "$t" >"$T" || exit
${install}`;

const programs = {
  line: without('$0 "" != ENVIRON["L"] ""'),
  block: without(`!s && $0 "" == ENVIRON["L"] "" {s=1}
!s
s && $0 "" == ENVIRON["E"] "" {s=0}
END {if(s) exit 1}`),
  entry: without('{k=ENVIRON["E"] == "none" ? $1 : $2} $1 ~ /^#/ || k "" != ENVIRON["L"] ""'),
};

/**
 * The command that takes away every line that is `first`, or the block from `first` to `last`, or from /etc/fstab the entries of the mount
 * point `first`, of the source `first` with `last` none. It may be run at any time.
 */
export const taken = (
  what: keyof typeof programs,
  path: string,
  marks: { readonly first: string; readonly last?: string },
  validate: Command | undefined,
): Command => ["sh", "-c", programs[what], "edit", "edit", path, marks.first, marks.last ?? "", ...(validate ?? [])];

/** Lines of a text file that go, and text that comes. */
export interface Edit {
  /** Numbers of lines, from 1. */
  readonly drop: readonly number[];
  /** The text comes before the line of this number. */
  readonly at: number;
  /** Whole lines, or nothing. */
  readonly text: string;
}

/** The command that edits a file as seen, in one step for its readers. Fails when the file is another one by then. */
export const edited = (path: string, seen: TextSeen, how: Edit, validate: Command | undefined): Command => [
  "sh",
  "-c",
  edit,
  "edit",
  // As the first argument too, where a change is told by what its script is given.
  "edit",
  path,
  seen.sha256 ?? "",
  how.drop.join(","),
  String(how.at),
  how.text,
  ...(validate ?? []),
];

export interface EditOptions {
  /** Must succeed before the file is installed; `{}` stands for the path of the new file. */
  readonly validate?: Command;
}

export interface LineOptions extends EditOptions {
  /** The lines that it stands for: the first is replaced, others go. Not global or sticky. */
  readonly replaces?: RegExp;
  /** Where a new line comes to stand. Default end. */
  readonly at?: "start" | "end";
}

export interface BlockOptions extends EditOptions {
  /** What begins a comment in this file. Default `#`. */
  readonly comment?: string;
  /** Where a new block comes to stand. Default end. */
  readonly at?: "start" | "end";
}

const editable = (path: string): string => {
  if (plainPath(path).includes(":")) throw fail("config.bad-argument", `${path} has a colon; its lines cannot be told`);
  return path;
};

/** The kernel hands no program an argument of more than 128 KiB. Throws `config.bad-argument`. */
function short(text: string, path: string): void {
  if (Buffer.byteLength(text) > 100_000)
    throw fail("config.bad-argument", `more than 100 kB cannot be put into ${path}`, {
      hint: "Use file.content for a file as large as this.",
    });
}

/** Numbers of the lines that a test picks, from 1. */
const numbers = (seen: TextSeen, picks: (line: string) => boolean): readonly number[] =>
  seen.lines.flatMap((line, index) => (picks(line) ? [index + 1] : []));

const newPlace = (seen: TextSeen, at: "start" | "end" | undefined): number =>
  at === "start" ? 1 : seen.lines.length + 1;

/**
 * A text file has this line; the file is made when there is none, 0644 root:root. With `replaces`, no other line that matches is left. Its
 * opposite takes the line away; what it replaced does not come back. A line is no place for a secret: it shows in plans.
 * Throws `config.bad-argument`.
 */
export function line(path: string, wanted: string, options: LineOptions = {}): Revertable<Os> {
  editable(path);
  short(wanted, path);
  const { replaces, at, validate } = options;
  if (wanted === "" || /[\n\r\0]/.test(wanted))
    throw fail("config.bad-argument", `${JSON.stringify(wanted)} is not one line for ${path}`);
  if (replaces?.global === true || replaces?.sticky === true)
    throw fail("config.bad-argument", `${String(replaces)} is global or sticky; it is tried on each line anyway`);
  return property(`${path} has the line ${JSON.stringify(wanted)}`, {
    on: everyOs,
    about: `line:${path}:${replaces === undefined ? wanted : String(replaces)}`,
    detail: [wanted, at],
    observe: textAt(path),
    plan: (seen) => {
      const same = numbers(seen, (one) => one === wanted);
      const others = numbers(seen, (one) => one !== wanted && replaces?.test(one) === true);
      if (same.length > 0 && others.length === 0) return [];
      const place = others[0] ?? newPlace(seen, at);
      const text = same.length > 0 ? "" : `${wanted}\n`;
      return [edited(path, seen, { drop: others, at: place, text }, validate)];
    },
    diff: () => `+ ${wanted}`,
    writes: [`file:${path}`],
    revert: {
      title: `${path} has no line ${JSON.stringify(wanted)}`,
      plan: (seen) => (seen.lines.includes(wanted) ? [taken("line", path, { first: wanted }, validate)] : []),
    },
  });
}

/**
 * A text file has these lines between `# BEGIN <name>` and `# END <name>`; the file is made when there is none, 0644 root:root. Its opposite
 * takes the block away. A block without its end is an error: nobody knows how much of the file it is. Throws `config.bad-argument`.
 */
export function block(path: string, name: string, text: string, options: BlockOptions = {}): Revertable<Os> {
  editable(path);
  short(text, path);
  const { comment = "#", at, validate } = options;
  if (!/^[\w .:@/-]+$/.test(name)) throw fail("config.bad-argument", `"${name}" is not a name for a block`);
  if (comment === "" || /[\n\r\0]/.test(comment)) throw fail("config.bad-argument", `"${comment}" begins no comment`);
  const [begin, end] = [`${comment} BEGIN ${name}`, `${comment} END ${name}`];
  const inside = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  if (inside.includes(begin) || inside.includes(end))
    throw fail("config.bad-argument", `the text of the block ${name} contains its own marks`);
  const wanted = [begin, ...inside, end];
  const found = (seen: TextSeen): readonly number[] => {
    const from = seen.lines.indexOf(begin);
    if (from < 0) return [];
    const to = seen.lines.indexOf(end, from);
    if (to < 0) throw new Error(`${path} has "${begin}" without "${end}"`);
    return Array.from({ length: to - from + 1 }, (_, index) => from + 1 + index);
  };
  return property(`${path} has the block ${name}`, {
    on: everyOs,
    about: `block:${path}:${name}`,
    detail: [inside, comment, at],
    observe: textAt(path),
    plan: (seen) => {
      const drop = found(seen);
      const now = drop.map((number) => seen.lines[number - 1]);
      if (now.length === wanted.length && now.every((one, index) => one === wanted[index])) return [];
      const place = drop[0] ?? newPlace(seen, at);
      return [edited(path, seen, { drop, at: place, text: `${wanted.join("\n")}\n` }, validate)];
    },
    diff: (seen) => (found(seen).length === 0 ? wanted : inside).map((one) => `+ ${one}`.trimEnd()).join("\n"),
    writes: [`file:${path}`],
    revert: {
      title: `${path} has no block ${name}`,
      plan: (seen) => (found(seen).length === 0 ? [] : [taken("block", path, { first: begin, last: end }, validate)]),
    },
  });
}
