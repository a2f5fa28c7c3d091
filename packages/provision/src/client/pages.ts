import { z } from "zod";
import type { Api, Query } from "./call.ts";

/** The most that the API gives at once. */
export const pageSize = 200;
const listAttempts = 3;

const paging = z.object({
  links: z.object({ pages: z.object({ next: z.string().optional() }).nullish() }).nullish(),
  meta: z.object({ total: z.number().nullish() }).nullish(),
});

/** All pages of a list, each item once. When the list changed while it was read, so that an item may have been missed, it is read again. */
export async function wholeList<T>(
  call: Api["call"],
  path: string,
  name: string,
  shape: z.ZodType<T>,
  query: Query,
): Promise<T[]> {
  for (let attempt = 1; ; attempt += 1) {
    const { all, moved } = await allPages(call, path, name, shape, query);
    if (!moved || attempt >= listAttempts) return withoutRepeated(all);
  }
}

async function allPages<T>(
  call: Api["call"],
  path: string,
  name: string,
  shape: z.ZodType<T>,
  query: Query,
): Promise<{ readonly all: readonly T[]; readonly moved: boolean }> {
  const answer = z.object({ [name]: z.array(shape).nullish() }).and(paging);
  const all: T[] = [];
  let total: number | undefined;
  let moved = false;
  for (let page = 1, asked = query; ; ) {
    const got = await call("GET", path, answer, { query: asked });
    all.push(...((got as Record<string, T[] | null | undefined>)[name] ?? []));
    moved ||= total !== undefined && got.meta?.total !== total;
    total = got.meta?.total ?? undefined;
    const next = got.links?.pages?.next;
    if (next === undefined) return { all, moved };
    // Only the number is taken: nothing is sent to where a link leads.
    const told = Number(new URL(next, "http://localhost").searchParams.get("page"));
    page = told > page ? told : page + 1;
    asked = { ...query, page };
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
