import { all, type DebianLike, everyOs, giving, type Os, type Property, perOs, property } from "@slipway/model";
import { fail } from "../errors.ts";
import * as apk from "./apk.ts";
import * as apt from "./apt.ts";
import { content, directory } from "./file.ts";
import { postReceiveHook, updateHook } from "./git-hooks.ts";
import { account, authorizedKeys } from "./user.ts";

/** git is there. */
export const installed: Property<Os, "git"> = giving(
  perOs("git is installed", {
    debian: apt.installed("git"),
    ubuntu: apt.installed("git"),
    alpine: apk.installed("git"),
  }),
  "git",
);

export { type CloneOptions, clone, type Version } from "./git-clone.ts";

export interface RepositoryOptions {
  /** Folder of the repositories, also the home of the user. Default /srv/git. */
  readonly home?: string;
  /** Default git. */
  readonly owner?: string;
}

/** Settings of a repository that is pushed to. */
const settings: Readonly<Record<string, string>> = {
  "core.fsync": "committed",
  "receive.denydeletes": "true",
  "receive.fsckobjects": "true",
  "transfer.fsckobjects": "true",
  "gc.auto": "0",
};

// Subjects are folders of repositories. For each: where HEAD points to, then the settings.
const look = `for p do
[ -f "$p/HEAD" ] || continue
printf 'repository	%s	%s\\n' "$p" "$(stat -c %U "$p/HEAD")"
git config -f "$p/config" --list
done`;

const repositoryFact = (path: string, owner: string) =>
  ({
    read: ["sh", "-c", look, "repositories"],
    of: [path],
    reads: [`file:${path}`],
    parse: (stdout: string): { readonly there: boolean; readonly settings: ReadonlyMap<string, string> } => {
      const block = stdout.split(/^repository\t/m).find((one) => one.startsWith(`${path}\t`));
      const [first = "", ...lines] = (block ?? "").split("\n");
      const pairs = lines.map(
        (line) => [line.slice(0, line.indexOf("=")).toLowerCase(), line.slice(line.indexOf("=") + 1)] as const,
      );
      return { there: first.endsWith(`\t${owner}`), settings: new Map(pairs) };
    },
  }) as const;

const checked = (name: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) || name.endsWith(".git")) {
    throw fail("config.bad-argument", `"${name}" is not the name of a repository; it is written without .git`);
  }
  return name;
};

/** A bare repository `<home>/<name>.git` whose HEAD is main. It has no opposite: nothing here deletes history. */
export function repository(name: string, options: RepositoryOptions = {}): Property<Os, "git"> {
  const owner = options.owner ?? "git";
  const path = `${options.home ?? "/srv/git"}/${checked(name)}.git`;
  const as = ["runuser", "-u", owner, "--"] as const;
  return property(`${path} is a repository`, {
    on: everyOs,
    about: `repository:${path}`,
    detail: owner,
    observe: repositoryFact(path, owner),
    plan: (seen) => [
      ...(seen.there
        ? []
        : ([
            ["install", "-d", "-o", owner, "-g", owner, "-m", "0755", "--", path],
            [...as, "git", "init", "-q", "--bare", "--initial-branch=main", "--template=", "--", path],
          ] as const)),
      ...Object.entries(settings)
        .filter(([key, value]) => seen.settings.get(key) !== value)
        .map(([key, value]) => [...as, "git", "config", "-f", `${path}/config`, key, value] as const),
    ],
    writes: [`file:${path}*`],
  }).requires(installed);
}

export interface ServerOptions {
  /** Names without `.git`. */
  readonly repositories: readonly string[];
  /** Public keys that may read, and push to review. */
  readonly authorizedKeys: readonly string[];
  readonly home?: string;
  /** How the remote is called in messages. Default ci. */
  readonly remote?: string;
}

/**
 * Repositories reached by SSH as the user git, which has no shell. A push may move only `review` and `review/…`; every such push
 * leaves a request in `<repository>/slipway/queue/`, on the disk before the push is answered. The hooks belong to root.
 */
export function server(options: ServerOptions): Property<DebianLike, "git"> {
  const home = options.home ?? "/srv/git";
  const user = account("git", { system: true, home, shell: "/usr/bin/git-shell" }).requires(installed);
  const keys = authorizedKeys("git", options.authorizedKeys, { home, options: "restrict", ownedByRoot: true });
  const repositories = options.repositories.map((name) => repositoryWithHooks(name, home, options.remote ?? "ci"));
  const members = [
    keys.requires(directory(home).requires(user)),
    ...repositories.map((one) => one.requires(directory(home).requires(user))),
  ];
  return giving(all(`git serves ${options.repositories.join(", ")}`, members), "git");
}

function repositoryWithHooks(name: string, home: string, remote: string): Property<Os, "git"> {
  const path = `${home}/${checked(name)}.git`;
  const bare = repository(name, { home });
  const git = { owner: "git", mode: "0755" } as const;
  const hooks = directory(`${path}/hooks`);
  const queue = directory(`${path}/slipway/queue`, git).requires(directory(`${path}/slipway`, git).requires(bare));
  return all(`${name} takes pushes to review`, [
    content(`${path}/hooks/update`, updateHook(remote), { mode: "0755" }).requires(hooks.requires(bare)),
    content(`${path}/hooks/post-receive`, postReceiveHook, { mode: "0755" })
      .requires(hooks.requires(bare))
      .requires(queue),
  ]);
}
