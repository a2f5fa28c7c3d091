import type { Change } from "./view.ts";

type Unnumbered<C> = C extends Change ? Omit<C, "id"> : never;
export type NewChange = Unnumbered<Change>;

/** The last changes, and those who listen for more. */
export interface Changes {
  add(change: NewChange): void;
  /**
   * Calls `listener` with every change behind `after`, then with each new one. When they are not all here any more, or `after` is of
   * another run, the first is a reset. Without `after`: new ones only.
   */
  listen(after: string | undefined, listener: (change: Change) => void): Disposable;
}

/**
 * `run` names this run of the station, so that ids of another run are told apart. Keeps changes of `keep` events in all: enough for a
 * listener that comes back after a short break, and bounded however many hosts there are.
 */
export function changes(run: string, keep = 10_000): Changes {
  const kept: { readonly serial: number; readonly change: Change }[] = [];
  const listeners = new Set<(change: Change) => void>();
  let serial = 0;
  let weight = 0;
  const idOf = (at: number): string => `${run}.${at}`;
  return {
    add(change) {
      serial += 1;
      const numbered = { ...change, id: idOf(serial) } as Change;
      kept.push({ serial, change: numbered });
      weight += weightOf(numbered);
      while (weight > keep && kept.length > 1) {
        const oldest = kept.shift();
        if (oldest !== undefined) weight -= weightOf(oldest.change);
      }
      for (const listener of listeners) listener(numbered);
    },
    listen(after, listener) {
      if (after !== undefined) {
        const [of, number] = [after.slice(0, after.lastIndexOf(".")), Number(after.slice(after.lastIndexOf(".") + 1))];
        const oldest = kept[0]?.serial ?? serial + 1;
        const whole = of === run && number <= serial && number >= oldest - 1;
        if (whole) for (const each of kept) if (each.serial > number) listener(each.change);
        if (!whole) listener({ id: idOf(serial), kind: "reset", data: null });
      }
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

const weightOf = (change: Change): number => (change.kind === "metrics" ? change.data.length : 1);
