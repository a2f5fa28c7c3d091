import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AnyProperty,
  alpine,
  debian,
  type Host,
  type HostInfo,
  hostInfo,
  type Info,
  messageOf,
  type Reading,
  type Revertable,
  revert,
  Secret,
  SecretText,
  type Surroundings,
} from "@slipway/model";
import { expect, test } from "vitest";
import { nothingApplied } from "../src/engine/applied.ts";
import { type Reply, readingsOfItem, type Seen } from "../src/engine/evaluate.ts";
import { itemsOf } from "../src/engine/items.ts";
import { readingKey } from "../src/engine/script.ts";
import * as config from "../src/index.ts";
import { plan } from "../src/plan.ts";

/** One case: a property with its arguments, what was seen, and the plan that must come of it. */
interface Fixture {
  readonly property: string;
  /** Missing: the property is a value. `{"secret": name}` stands for a Secret, `{"text": […]}` for text with secrets, `{"regexp": …}`; wherever they are. */
  readonly args?: readonly unknown[];
  readonly os?: "debian" | "alpine";
  /** Of Debian. Default 12. */
  readonly release?: "12" | "13";
  /** The platform's other hosts. */
  readonly hosts?: readonly HostInfo[];
  /** What other properties of this host tell. */
  readonly info?: readonly Info[];
  readonly revert?: boolean;
  /** Output by label of its reading; what is missing was silent and failed. */
  readonly seen: Readonly<Record<string, string>>;
  readonly pending?: boolean;
  readonly digests?: Readonly<Record<string, string>>;
  readonly plan?: unknown;
  readonly throws?: string;
}

const folder = join(import.meta.dirname, "fixtures");
// To write down what new cases give, then to be read by a person: UPDATE_FIXTURES=1 pnpm test
const update = process.env["UPDATE_FIXTURES"] === "1";

/** The command as one line; of a script only its name and arguments. */
const label = (reading: Reading<unknown>): string =>
  (reading.read[0] === "sh" ? reading.read.slice(3) : reading.read).join(" ").replaceAll("\n", "\\n");

for (const name of readdirSync(folder).filter((one) => one.endsWith(".json"))) {
  const path = join(folder, name);
  const cases = JSON.parse(readFileSync(path, "utf8")) as Record<string, Fixture>;
  if (update) {
    const written = Object.entries(cases).map(([title, fixture]) => [title, { ...fixture, ...outcome(fixture) }]);
    writeFileSync(path, `${JSON.stringify(Object.fromEntries(written), null, 2)}\n`);
  }
  test.for(Object.entries(cases))(`${name.replace(/\.json$/, "")}: %s`, ([, { plan: wanted, throws, ...given }]) => {
    expect(outcome(given)).toEqual(throws === undefined ? { plan: wanted } : { throws });
  });
}

/** The plan as plain data, or why there is none. */
function outcome(fixture: Fixture): { plan: unknown } | { throws: string } {
  try {
    const host = hostWith(made(fixture), fixture);
    const items = plan(host, seenBy(host, fixture), around(host, fixture)).items.map(
      ({ property, state, until, changes, diff }) => ({
        property,
        state: until === undefined ? state : `unknown until ${until}`,
        ...(changes.length === 0 ? {} : { changes }),
        ...(diff === undefined ? {} : { diff }),
      }),
    );
    return { plan: JSON.parse(JSON.stringify(items)) as unknown };
  } catch (thrown) {
    return { throws: messageOf(thrown) };
  }
}

function made(fixture: Fixture): AnyProperty {
  const [subject = "", fact = ""] = fixture.property.split(".");
  const family = (config as unknown as Record<string, Record<string, unknown>>)[subject];
  const found = family?.[fact];
  const args = (fixture.args ?? []).map(withSecrets);
  const property = typeof found === "function" ? (found(...args) as AnyProperty) : (found as AnyProperty);
  return fixture.revert === true ? revert(property as Revertable<never, string>) : property;
}

function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return new Secret(String(value.secret));
  if ("text" in value && Array.isArray(value.text))
    return new SecretText(value.text.map(withSecrets) as (string | Secret)[]);
  if ("regexp" in value) return new RegExp(String(value.regexp));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withSecrets(one)]));
}

function around(host: Host, fixture: Fixture): Surroundings {
  const known = hostInfo(host);
  const self = { ...known, address: "192.0.2.10", info: [...known.info, ...(fixture.info ?? [])] };
  return { self, hosts: [self, ...(fixture.hosts ?? [])] };
}

function hostWith(property: AnyProperty, { os = "debian", release = "12" }: Fixture): Host {
  const distro = os === "debian" ? debian(release) : alpine("3.22");
  const on = { provider: "test", spec: {} };
  return { name: "h", os, distro, on, has: [property], can: () => true };
}

function seenBy(host: Host, fixture: Fixture): Seen {
  const replies: Record<string, Reply> = {};
  const used = new Set<string>();
  const items = itemsOf(host, around(host, fixture));
  for (const reading of items.flatMap(readingsOfItem)) {
    const stdout = fixture.seen[label(reading)];
    used.add(label(reading));
    replies[readingKey(reading)] = { status: stdout === undefined ? 1 : 0, stdout: stdout ?? "" };
  }
  const unknown = Object.keys(fixture.seen).filter((one) => !used.has(one));
  if (unknown.length > 0) throw new Error(`nothing reads ${unknown.join(", ")}; there are: ${[...used].join(" | ")}`);
  const pending = fixture.pending === true ? items.map((item) => item.id) : [];
  return { replies, pending, digests: fixture.digests ?? {}, applied: nothingApplied };
}
