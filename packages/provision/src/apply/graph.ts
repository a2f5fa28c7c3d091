/** A piece of work that waits for others. */
export interface Node {
  readonly id: string;
  readonly after: readonly string[];
  readonly run: () => Promise<void>;
}

export type Outcome =
  | { readonly done: true }
  | { readonly done: false; readonly error: unknown }
  /** Not tried, because that one failed or was itself not tried. */
  | { readonly done: false; readonly because: string };

/**
 * Runs each as soon as all that it waits for is done, at most `atOnce` at a time. What fails stops only what waits for it. Ids that no node has are
 * done already. Throws when they wait in a circle.
 */
export async function runGraph(nodes: readonly Node[], atOnce: number): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const waiting = new Map(nodes.map((node) => [node.id, node]));
  const known = new Set(waiting.keys());
  let running = 0;
  let wake = (): void => {};
  const settle = (id: string, outcome: Outcome): void => {
    outcomes.set(id, outcome);
    running -= 1;
    wake();
  };
  for (;;) {
    let moved = true;
    while (moved) {
      moved = false;
      for (const [id, node] of waiting) {
        const needs = node.after.filter((one) => known.has(one));
        const bad = needs.find((one) => outcomes.get(one)?.done === false);
        if (bad !== undefined) {
          waiting.delete(id);
          outcomes.set(id, { done: false, because: bad });
          moved = true;
        } else if (running < atOnce && needs.every((one) => outcomes.has(one))) {
          waiting.delete(id);
          running += 1;
          node.run().then(
            () => settle(id, { done: true }),
            (error: unknown) => settle(id, { done: false, error }),
          );
        }
      }
    }
    if (running === 0) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  if (waiting.size > 0) throw new Error(`steps wait for each other: ${[...waiting.keys()].join(", ")}`);
  return outcomes;
}
