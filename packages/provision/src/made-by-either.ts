import { CallError } from "./client/request.ts";

/** Makes what has a name of its own in the account. One of that name that `theirs` finds, which another operator made meanwhile, is as good. */
export async function madeByEither<T>(
  make: () => Promise<T>,
  theirs: () => Promise<T | undefined>,
): Promise<{ readonly made: T; readonly own: boolean }> {
  try {
    return { made: await make(), own: true };
  } catch (error) {
    const found = error instanceof CallError && error.code === "name.taken" ? await theirs() : undefined;
    if (found === undefined) throw error;
    return { made: found, own: false };
  }
}
