import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Host, messageOf, type Reading } from "@slipway/model";
import { expect, test } from "vitest";
import { nothingApplied } from "../src/engine/applied.ts";
import { type Reply, readingsOfItem, type Seen } from "../src/engine/evaluate.ts";
import { itemsOf } from "../src/engine/items.ts";
import { readingKey } from "../src/engine/script.ts";
import { plan } from "../src/plan.ts";
import { around, type Fixture, hostWith, made } from "./support/fixture.ts";

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
        state: until === undefined ? state : state === "unreadable" ? `unreadable: ${until}` : `unknown until ${until}`,
        ...(changes.length === 0 ? {} : { changes }),
        ...(diff === undefined ? {} : { diff }),
      }),
    );
    return { plan: JSON.parse(JSON.stringify(items)) as unknown };
  } catch (thrown) {
    return { throws: messageOf(thrown) };
  }
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
