import { readFileSync } from "node:fs";
import type { SshAddress } from "@slipway/model";

/** What a contender is told: where the hosts are and the key that opens them. */
export interface Inventory {
  readonly hosts: readonly SshAddress[];
  /** Path of an OpenSSH private key. */
  readonly keyFile: string;
}

export const readInventory = (path: string): Inventory => JSON.parse(readFileSync(path, "utf8")) as Inventory;
