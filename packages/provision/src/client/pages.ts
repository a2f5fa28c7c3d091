import { z } from "zod";
import type { Api, Query } from "./call.ts";
import type { Dialect } from "./request.ts";

const listAttempts = 3;

interface Asked<T> {
  readonly path: string;
  /** What the answer calls the list. */
  readonly name: string;
  readonly shape: z.ZodType<T>;
  readonly query: Query;
}
interface By {
  readonly call: Api["call"];
  readonly dialect: Dialect;
}

/** All pages of a list, each item once. When the list changed while it was read, so that an item may have been missed, it is read again. */
export async function wholeList<T>(by: By, asked: Asked<T>): Promise<T[]> {
  for (let attempt = 1; ; attempt += 1) {
    const { all, moved } = await allPages(by, asked);
    if (!moved || attempt >= listAttempts) return withoutRepeated(all);
  }
}

/** Only numbers are taken from what the answer says of its pages: nothing is sent to where a link leads. */
async function allPages<T>(
  { call, dialect }: By,
  { path, name, shape, query }: Asked<T>,
): Promise<{ readonly all: readonly T[]; readonly moved: boolean }> {
  const answer = z.looseObject({ [name]: z.array(shape).nullish() });
  const all: T[] = [];
  let total: number | undefined;
  let moved = false;
  for (let page = 1, asked = query; ; asked = { ...query, page }) {
    const got = await call("GET", path, answer, { query: asked });
    all.push(...((got as Record<string, T[] | null | undefined>)[name] ?? []));
    const pages = dialect.pages(got, page);
    moved ||= total !== undefined && pages.total !== total;
    total = pages.total;
    if (pages.next === undefined) return { all, moved };
    page = pages.next;
  }
}

/** By what paths name an item. */
export function keyOf(item: unknown): readonly (string | number)[] {
  const { id, ip, urn } = (typeof item === "object" && item !== null ? item : {}) as Record<string, unknown>;
  return [id, ip, urn].filter((key) => typeof key === "string" || typeof key === "number").slice(0, 1);
}

/** An item that moved to the next page while it was read is there twice. */
function withoutRepeated<T>(all: readonly T[]): T[] {
  const seen = new Set<unknown>();
  return all.filter((item) => {
    const [key] = keyOf(item);
    if (key === undefined) return true;
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}
