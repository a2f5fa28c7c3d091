import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import {
  type AnyProperty,
  type Connection,
  debian,
  type Host,
  type HostInfo,
  hostInfo,
  type Revertable,
  revert,
  type Secrets,
  type Surroundings,
} from "@slipway/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { itemsOf } from "../../src/engine/items.ts";
import { apply, formatPlan, formatReport, observe, plan, type Report } from "../../src/index.ts";
import { canary } from "./canary.ts";

export type Release = "12" | "13";

/** A property on a real host: not there, made, seen, nothing to do the second time, and taken back when it leaves the list. */
export interface RealCase {
  readonly property: AnyProperty | ((release: Release) => AnyProperty);
  /** Shell script that prepares the host. */
  readonly before?: string;
  /** Shell command → what it prints while the property holds. */
  readonly shows?: Readonly<Record<string, string | RegExp>>;
  /** Shell command → what it prints after the property was undone. */
  readonly afterwards?: Readonly<Record<string, string | RegExp>>;
  /** For which releases. Default: all. */
  readonly on?: readonly Release[];
  /** The platform's other hosts. */
  readonly hosts?: readonly HostInfo[];
  /** Values of secrets by name; none may show in any plan, event or report. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Text that is no secret though one contains it, such as the public half of a key. */
  readonly open?: string;
  /** Processes that may hold a secret in their environment, which only root reads: they take it from nowhere else. */
  readonly mayHold?: RegExp;
  /** Shell script that removes what the case left. */
  readonly cleanup?: string;
}

export type Cases = Readonly<Record<string, RealCase>>;
export const cases = (given: Cases): Cases => given;

const folder = join(import.meta.dirname, "cases");

/** All cases of the folder `cases`, by title. A property's cases are one file named for its subject. */
async function everyCase(): Promise<readonly (readonly [title: string, of: RealCase])[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const found = await Promise.all(
    files.map(async (name) => (await import(join(folder, name))) as { readonly default: Cases }),
  );
  return found.flatMap((one) => Object.entries(one.default));
}

/** Runs all cases on a host of this release. `CASES=apt,file` limits them to titles that begin so. */
export async function tryAll(release: Release): Promise<void> {
  const wanted = process.env["CASES"]?.split(",");
  const chosen = (await everyCase()).filter(
    ([title, one]) =>
      (one.on ?? ["12", "13"]).includes(release) && (wanted?.some((start) => title.startsWith(start)) ?? true),
  );
  describe(`Debian ${release}`, () => {
    let machine: Machine;
    let connection: Connection;
    beforeAll(async () => {
      machine = await startMachine({ name: `config-${release}`, distro: `debian-${release}` });
      const { name: host, address, port, user, hostKey, privateKey } = machine;
      connection = await connectBySsh({ host, address, port, user, hostKeys: [hostKey.sha256] }, { privateKey });
    });
    afterAll(async () => {
      await connection?.[Symbol.asyncDispose]();
      await machine?.[Symbol.asyncDispose]();
    });
    const run = async (script: string): Promise<string> => {
      const output = await connection.exec(["sh", "-c", script]);
      return `${output.stdout}${output.stderr}`.trim();
    };
    const prints = async (wanted: RealCase["shows"]): Promise<void> => {
      for (const [command, text] of Object.entries(wanted ?? {}))
        expect({ [command]: await run(command) }).toEqual({
          [command]: typeof text === "string" ? text : expect.stringMatching(text),
        });
    };

    test.for(chosen)("%s", async ([, one]) => {
      const property = typeof one.property === "function" ? one.property(release) : one.property;
      const values = one.secrets ?? {};
      const secrets: Secrets = { reveal: async (secret) => values[secret.name] ?? "" };
      const told: string[] = [];
      const around = (host: Host): Surroundings => {
        const self = {
          ...hostInfo(host),
          address: machine.address,
          hostKeys: [`${machine.hostKey.type} ${machine.hostKey.raw}`],
        };
        return { self, hosts: [self, ...(one.hosts ?? [])] };
      };
      // Each case is a host of its own to the engine, or it would take back what the one before brought.
      const options = { secrets, stateFolder: `/var/lib/slipway/case-${randomUUID()}`, removed: "keep" } as const;
      const hostWith = (...has: readonly AnyProperty[]): Host => ({
        name: machine.name,
        os: "debian",
        distro: debian(release),
        on: { provider: "test", spec: {} },
        has,
        can: () => true,
      });
      const planned = async (of: AnyProperty) => {
        const host = hostWith(of);
        const made = plan(host, await observe(host, connection, { ...options, around: around(host) }), around(host));
        told.push(JSON.stringify(made), formatPlan(made, { all: true }));
        return made.items.map((item) => item.state);
      };
      const make = async (of: AnyProperty): Promise<Report> => {
        const onEvent = (event: unknown): void => void told.push(JSON.stringify(event));
        const report = await apply(hostWith(of), connection, { ...options, onEvent, around: around(hostWith(of)) });
        told.push(JSON.stringify(report));
        expect(report.failed + report.blocked, formatReport(report)).toBe(0);
        return report;
      };
      const becomesTrue = async (of: AnyProperty): Promise<void> => {
        expect(await planned(of)).toContain("change");
        expect((await make(of)).changed).toBeGreaterThan(0);
        expect(await make(of)).toMatchObject({ changed: 0, roundTrips: 1 });
        expect(await planned(of)).not.toContain("change");
      };
      /** All that the case made is taken back, but for packages: the next case may need them. */
      const leavesTheList = async (of: AnyProperty): Promise<void> => {
        const host = hostWith(of);
        const packages = itemsOf(host, around(host)).filter(({ claim }) => claim.about.startsWith("package:"));
        const kept = packages.map(({ claim }) => ({ ...of, node: { kind: "claim" as const, claim } }));
        const report = await apply(hostWith(...kept), connection, { ...options, removed: "take back" });
        expect(report.failed + report.blocked, formatReport(report)).toBe(0);
      };
      if (one.before !== undefined) await run(one.before);
      const words = Object.values(values);
      const bird = words.length === 0 ? undefined : await canary(connection, words, one.open);
      let seen: readonly string[] = [];
      try {
        try {
          await becomesTrue(property);
        } finally {
          seen = ((await bird?.end()) ?? []).filter((place) => one.mayHold?.test(place) !== true);
        }
        expect(seen, "where values of secrets were seen").toEqual([]);
        await prints(one.shows);
        const opposite = "opposite" in property ? revert(property as Revertable<never>) : undefined;
        if (opposite !== undefined) expect(await planned(opposite)).toContain("change");
        await leavesTheList(property);
        if (opposite !== undefined) {
          await make(opposite);
          expect(await make(opposite)).toMatchObject({ changed: 0, roundTrips: 1 });
          await prints(one.afterwards);
        }
      } finally {
        if (one.cleanup !== undefined) await run(one.cleanup);
      }
      for (const value of words) expect(told.join("\n")).not.toContain(value);
    });
  });
}
