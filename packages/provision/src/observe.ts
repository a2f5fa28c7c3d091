import type { Observed } from "./plan.ts";
import type { Provider, Scope } from "./provider.ts";

/** Reads what a plan for the stack rests on, all lists at once; nothing is changed. */
export async function observe(provider: Provider, scope: Scope): Promise<Observed> {
  const [seen, catalog] = await Promise.all([provider.observe(scope), provider.catalog(scope)]);
  return { traits: provider.traits, catalog, seen };
}
