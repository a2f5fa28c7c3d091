import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { local } from "@slipway/connection";
import { type AnyProperty, debian, type Host, type Secret } from "@slipway/model";
import { afterEach, beforeEach } from "vitest";
import { type ApplyOptions, apply, file, observe } from "../../src/index.ts";

export const owner = userInfo().username;

/** This machine as a host with these properties. */
export const hostWith = (...has: AnyProperty[]): Host => ({
  name: "here",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});

/** Whether something stands at a path; any change has it read again. */
export const exists = (path: string) => ({
  read: ["ls", "-d", path] as const,
  parse: (_: string, status: number) => status === 0,
});

/** A folder for each test, and this machine configured with its state in there. */
export function inFolder() {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-config-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const at = (name: string): string => join(folder, name);
  return {
    at,
    run: async (host: Host, options: ApplyOptions = {}) => {
      await using connection = local();
      return await apply(host, connection, { stateFolder: at("state"), ...options });
    },
    look: async (host: Host) => {
      await using connection = local();
      return await observe(host, connection, { stateFolder: at("state") });
    },
    written: (name: string, text: string | Secret, mode = "0644") => file.content(at(name), text, { owner, mode }),
  };
}
