import type { Connection, Release } from "@slipway/model";
import { expect, test } from "vitest";
import { type DeployOptions, deploy, rollback } from "../src/index.ts";

declare const connection: Connection;
declare const unverified: Release<"unverified">;
declare const verified: Release<"verified">;
declare const unknown: Release;

test("what must not compile does not", () => {
  const never = (): void => {
    void deploy({ connection, release: verified });
    // @ts-expect-error nobody verified it
    void deploy({ connection, release: unverified });
    // @ts-expect-error it is not known whether anybody did
    void deploy({ connection, release: unknown });
    // @ts-expect-error a release cannot be written by hand
    const byHand: DeployOptions["release"] = { ...unverified, commit: "x" };
    void byHand;
    // @ts-expect-error a rollback verifies too
    void rollback({ connection, app: "ledger", resolve: async () => unverified });
    // @ts-expect-error nor without saying how
    void rollback({ connection, app: "ledger" });
  };
  expect(never).toBeTypeOf("function");
});
