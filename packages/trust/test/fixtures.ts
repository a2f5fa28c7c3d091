import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { predicateType, SlipwayError, type Statement, statementType } from "@slipway/model";

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "slipway-trust-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const hex = (digit: string): string => digit.repeat(64);

export const statement: Statement = {
  _type: statementType,
  subject: [
    { name: "git:ledger", digest: { gitCommit: "a".repeat(40) } },
    { name: "image:ledger/core", digest: { sha256: hex("b") } },
  ],
  predicateType,
  predicate: {
    repository: "ledger",
    commit: "a".repeat(40),
    tree: "c".repeat(40),
    pipeline: { name: "ledger", digest: hex("d") },
    steps: [{ name: "unit tests", seconds: 2.5 }],
    app: { name: "ledger", hostname: "_", services: [{ name: "core", port: 8080, ready: "/readyz" }] },
    images: { core: `sha256:${hex("b")}` },
    finishedAt: "2026-11-23T05:00:00.000Z",
  },
};

/** What a call threw; fails the test when it threw nothing or something that is not ours. */
export async function refusal(call: Promise<unknown>): Promise<SlipwayError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
