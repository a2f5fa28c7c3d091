import type { Clock, Connection } from "@slipway/model";
import type { CachedStep } from "./cache.ts";
import type { Docker } from "./docker.ts";
import type { Git } from "./git.ts";
import type { Policy } from "./policy.ts";
import type { CiRecord } from "./records.ts";
import type { Repository } from "./repository.ts";

/** What the parts of the CI work with. */
export interface Context {
  readonly connection: Connection;
  readonly docker: Docker;
  readonly repository: Repository;
  readonly git: Git;
  readonly clock: Clock;
  readonly policy: Policy;
  /** Results that may be taken again: content key → step. */
  readonly cached: ReadonlyMap<string, CachedStep>;
  /** Writes down; resolves when it is on the disk. */
  readonly record: (record: CiRecord) => Promise<void>;
}

/** One attempt of a run. */
export interface Attempt {
  readonly run: string;
  readonly number: number;
  readonly candidate: string;
  readonly tree: string;
}
