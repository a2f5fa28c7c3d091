import { takesAnother } from "./plan/differences.ts";
import type { Observed } from "./plan.ts";
import type { Provider, Scope } from "./provider.ts";
import { type Kind, refOf, type Seen } from "./resource.ts";

/** Reads what a plan for the stack rests on, all lists at once, and what room there is for what lacks; nothing is changed. */
export async function observe(provider: Provider, scope: Scope): Promise<Observed> {
  const { traits } = provider;
  const [seen, catalog] = await Promise.all([provider.observe(scope), provider.catalog(scope)]);
  const kinds = growing(scope, { traits, seen });
  return { traits, catalog, seen, room: kinds.length === 0 ? {} : await provider.room(kinds) };
}

/** Kinds of which there may be more, if only while one takes another's place. */
function growing({ wanted }: Scope, around: Pick<Observed, "traits" | "seen">): readonly Kind[] {
  const there = new Map(
    around.seen.flatMap((one): readonly (readonly [string, Seen])[] =>
      one.ours && !(one.kind === "machine" && one.retired) ? [[refOf(one), one]] : [],
    ),
  );
  const kinds = wanted.flatMap((one) => {
    const seen = there.get(refOf(one));
    return seen === undefined || takesAnother(one, seen, around) ? [one.kind] : [];
  });
  return [...new Set(kinds)];
}
