import type { Command } from "@slipway/model";

/** Where a repository and what the CI knows about it are, on the CI's host. */
export interface Repository {
  readonly name: string;
  /** The bare repository. */
  readonly gitDir: string;
  /** The CI's journal and logs. */
  readonly stateDir: string;
  /** Account that owns the repository; git runs as it. Absent: as whoever is connected. */
  readonly gitUser?: string;
}

/** A repository at the usual places of a CI host. */
export const repositoryAt = (name: string): Repository => ({
  name,
  gitDir: `/srv/git/${name}.git`,
  stateDir: `/var/lib/slipway/ci/${name}`,
  gitUser: "git",
});

/** Folder where the hook leaves a file for every push. */
export const queueFolder = (repository: Repository): string => `${repository.gitDir}/slipway/queue`;

export const journalPath = (repository: Repository): string => `${repository.stateDir}/journal.jsonl`;

export const runFolder = (repository: Repository, run: string): string =>
  `${repository.stateDir}/runs/${encodeURIComponent(run)}`;

/** The log of a step: exactly the bytes that it wrote, escape sequences included. `<path>.done` exists when it has ended. */
export const logPath = (repository: Repository, run: string, step: string): string =>
  `${runFolder(repository, run)}/${encodeURIComponent(step)}.log`;

/** A command run as the owner of the repository. */
export const asOwner = (repository: Repository, command: Command): Command =>
  repository.gitUser === undefined ? command : ["runuser", "-u", repository.gitUser, "--", ...command];

/** A git command in the bare repository. */
export const git = (repository: Repository, ...args: readonly string[]): Command =>
  asOwner(repository, ["git", "--git-dir", repository.gitDir, ...args]);
