import { CallError } from "./client/request.ts";

/**
 * Makes what has a name of its own in the account, unless `lost` is what a former run made of it. One of that name that `theirs` finds, which another
 * operator made meanwhile, is as good.
 */
export async function madeByEither<T>(by: {
  readonly lost: T | undefined;
  readonly make: () => Promise<T>;
  readonly theirs: () => Promise<T | undefined>;
}): Promise<{ readonly made: T; readonly own: boolean }> {
  if (by.lost !== undefined) return { made: by.lost, own: true };
  try {
    return { made: await by.make(), own: true };
  } catch (error) {
    const found = error instanceof CallError && error.code === "name.taken" ? await by.theirs() : undefined;
    if (found === undefined) throw error;
    return { made: found, own: false };
  }
}
