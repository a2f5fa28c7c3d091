import { createHash } from "node:crypto";
import {
  all,
  type Change,
  type Command,
  type DebianLike,
  debianLike,
  giving,
  type Property,
  property,
  type Reading,
  type Secret,
  secretText,
} from "@slipway/model";
import { fail } from "../errors.ts";
import * as apt from "./apt.ts";
import { content, directory } from "./file.ts";

/** What a clone shows of its repository. */
export type Version =
  /** Forty hex digits. */
  | { readonly commit: string }
  /** As it was when it was fetched; one that moves later is not followed. */
  | { readonly tag: string }
  /** As of the last fetch, which is repeated when it is older than `fetched` seconds. Default 3600. */
  | { readonly branch: string; readonly fetched?: number };

export interface CloneOptions {
  readonly at: Version;
  /** Folder of the clone; folders above it are made, owned by root. */
  readonly to: string;
  /** An existing user whose files these are, and who runs git. Default root. */
  readonly owner?: string;
  /** Private SSH key that may read the repository. */
  readonly deployKey?: Secret;
  /** Lines as in known_hosts for the repository's server. Default: what the host knows already. */
  readonly hostKeys?: readonly string[];
}

interface CloneSeen {
  readonly kind: "absent" | "other" | "clone";
  readonly url?: string | undefined;
  readonly head?: string | undefined;
  /** Commit that the wanted version is, as far as it was fetched. */
  readonly wanted?: string | undefined;
  /** Tracked files that were changed, and commits that are nowhere else. */
  readonly local: readonly string[];
  readonly fetchedSeconds?: number | undefined;
}

// Git runs as the owner: what the owner wrote into the clone's settings must not run as root.
const asOwner = ["env", "-u", "HOME", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0"] as const;

// Subjects are "<owner>:<version>:<path>".
const look = `for s do
o=\${s%%:*} r=\${s#*:}
w=\${r%%:*} p=\${r#*:}
[ -e "$p" ] || continue
printf 'clone\\t%s\\n' "$s"
[ -d "$p/.git" ] || { [ -z "$(ls -A "$p")" ] || echo 'other	'; continue; }
runuser -u "$o" -- ${asOwner.join(" ")} GIT_OPTIONAL_LOCKS=0 sh -c 'cd "$1" || exit
printf "url\\t%s\\nhead\\t%s\\nwanted\\t%s\\n" "$(git config --get remote.origin.url)" "$(git rev-parse -q --verify HEAD)" "$(git rev-parse -q --verify "$2^{commit}")"
git status --porcelain --untracked-files=no | sed "s/^/local\\t/"
git rev-list HEAD --not --remotes --tags | sed "s/^/local\\tcommit /"
[ ! -e .git/FETCH_HEAD ] || printf "fetched\\t%s\\n" "$(($(date +%s) - $(stat -c %Y .git/FETCH_HEAD)))"' sh "$p" "$w"
done`;

const cloneFact = (subject: string, path: string): Reading<CloneSeen> => ({
  read: ["sh", "-c", look, "clones"],
  of: [subject],
  reads: [`file:${path}`],
  parse: (stdout) => {
    const block = stdout.split(/^clone\t/m).find((one) => one.startsWith(`${subject}\n`));
    if (block === undefined) return { kind: "absent", local: [] };
    const lines = block.split("\n").slice(1);
    const field = (name: string): string | undefined =>
      lines
        .find((line) => line.startsWith(`${name}\t`))
        ?.slice(name.length + 1)
        .trim() || undefined;
    const fetched = field("fetched");
    return {
      kind: lines.includes("other\t") ? "other" : lines.some((line) => line.startsWith("url\t")) ? "clone" : "absent",
      url: field("url"),
      head: field("head"),
      wanted: field("wanted"),
      local: lines.filter((line) => line.startsWith("local\t")).map((line) => line.slice(6).trim()),
      fetchedSeconds: fetched === undefined ? undefined : Number(fetched),
    };
  },
});

const keys = "/etc/slipway/git";
const refusal = (text: string): readonly Change[] => [["sh", "-c", 'printf "%s\\n" "$1" >&2; exit 1', "sh", text]];

/**
 * A clone of a repository stands at a version, its HEAD detached. What was changed there by hand is never lost: when the version has to move and
 * tracked files differ, or commits are nowhere else, that is a failure. No opposite: nothing here deletes work.
 */
export function clone(url: string, options: CloneOptions): Property<DebianLike, "git"> {
  const { at, to, owner = "root", deployKey, hostKeys } = options;
  const version = revisionOf(at);
  checked(url, options);
  const id = createHash("sha256").update(to).digest("hex").slice(0, 16);
  const key = `${keys}/${id}.key`;
  const known = `${keys}/${id}.known`;
  const ssh = [
    "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
    ...(deployKey === undefined ? [] : [`-o IdentitiesOnly=yes -i ${key}`]),
    ...(hostKeys === undefined ? [] : [`-o UserKnownHostsFile=${known}`]),
  ].join(" ");
  const git = (...words: Command): Command => [
    ...(["runuser", "-u", owner, "--", ...asOwner, `GIT_SSH_COMMAND=${ssh}`, "git", "-C", to] as const),
    ...words,
  ];
  const tree = property(`${to} is ${url} at ${Object.values(at)[0]}`, {
    on: debianLike,
    about: `clone:${to}`,
    detail: [url, at, owner],
    observe: cloneFact(`${owner}:${version}:${to}`, to),
    plan: (seen) => {
      const old = "branch" in at && (seen.fetchedSeconds ?? Number.POSITIVE_INFINITY) > (at.fetched ?? 3600);
      const moves = seen.head === undefined || seen.head !== seen.wanted;
      const fetches = seen.wanted === undefined || seen.url !== url || old;
      if (seen.kind === "other") return refusal(`${to} holds other files; move them away`);
      if (!moves && !fetches) return [];
      if (seen.local.length > 0)
        return refusal(`${to} has work of its own that would be lost:\n${seen.local.slice(0, 10).join("\n")}`);
      return [
        ...(seen.kind === "clone" ? [] : made(to, owner, git)),
        ...(seen.url === url ? [] : ([git("config", "remote.origin.url", url)] as const)),
        ...(fetches ? [git("fetch", "-q", "--prune", "--tags", "origin")] : []),
        git("checkout", "-q", "--detach", version, "--"),
      ];
    },
    diff: (seen) =>
      seen.head !== undefined && seen.head === seen.wanted
        ? `~ fetched ${seen.fetchedSeconds ?? "?"} s ago`
        : `- ${seen.head ?? "nothing"}\n+ ${seen.wanted ?? Object.values(at)[0]}`,
    writes: [`file:${to}*`],
  });
  const folder = directory(keys).requires(directory("/etc/slipway"));
  const needs = [
    apt.installed(...(isSsh(url) ? ["git", "openssh-client"] : ["git"])),
    ...(deployKey === undefined ? [] : [content(key, secretText`${deployKey}\n`, { owner }).requires(folder)]),
    ...(hostKeys === undefined ? [] : [content(known, hostKeys.map((line) => `${line}\n`).join("")).requires(folder)]),
  ];
  return giving(tree.requires(all(`what a clone of ${url} needs`, needs)), "git");
}

const made = (to: string, owner: string, git: (...words: Command) => Command): readonly Command[] => [
  ["mkdir", "-p", "--", to],
  ["chown", `${owner}:`, "--", to],
  git("init", "-q", "--template="),
  git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
];

const isSsh = (url: string): boolean => url.startsWith("ssh://") || /^[a-z0-9_-]+@/i.test(url);

function revisionOf(at: Version): string {
  const name = "tag" in at ? at.tag : "branch" in at ? at.branch : "a";
  // As git check-ref-format has it, and no colon.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_./+@-]*$/.test(name) || /\.\.|\/\/|@\{|\.lock$|[./]$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not the name of a branch or a tag`);
  if ("tag" in at) return `refs/tags/${at.tag}`;
  if ("branch" in at) return `refs/remotes/origin/${at.branch}`;
  if (!/^[0-9a-f]{40}$/.test(at.commit))
    throw fail("config.bad-argument", `"${at.commit}" is not a commit: forty hex digits`);
  return at.commit;
}

function checked(url: string, { to, owner = "root", hostKeys, deployKey }: CloneOptions): void {
  if (!/^(https?:\/\/|ssh:\/\/|file:\/\/\/|[A-Za-z0-9_-]+@[A-Za-z0-9.-]+:)[A-Za-z0-9._~/:@%+-]+$/.test(url))
    throw fail("config.bad-argument", `"${url}" is not the address of a repository`);
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/.test(url))
    throw fail("config.bad-argument", "the address of a repository has a password in it", {
      hint: "Give the repository a deploy key: its secret stays in the vault.",
    });
  if (!/^(\/[A-Za-z0-9._@+-]+)+$/.test(to) || /\/\.\.?(\/|$)/.test(to))
    throw fail("config.bad-argument", `${JSON.stringify(to)} is not a plain absolute path`);
  if (!/^[a-z_][a-z0-9_-]*$/.test(owner)) throw fail("config.bad-argument", `"${owner}" is not the name of a user`);
  if (deployKey !== undefined && !isSsh(url))
    throw fail("config.bad-argument", `a deploy key is for SSH, but ${url} is not`);
  if (hostKeys?.some((line) => !/^[^\s]+ (ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]+$/.test(line)) === true)
    throw fail("config.bad-argument", `a host key of ${url} is not a line of known_hosts`);
}
