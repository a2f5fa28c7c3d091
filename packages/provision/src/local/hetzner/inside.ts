import { type Call, notFound, Refusal, type Route } from "../http.ts";
import { translated } from "./refusal.ts";

interface More {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** Calls of the other API from within: what Hetzner's face is made of. */
export interface Inside {
  /** The body of the answer. Rejects with a refusal of Hetzner's. */
  ask<T>(call: Call, method: string, path: string, more?: More): Promise<T>;
  /** All items of a list; none when the cloud has no such thing. */
  list<T>(call: Call, path: string, name: string, query?: More["query"]): Promise<readonly T[]>;
}

const pageSize = 200;

export function insideOf(routes: readonly Route[]): Inside {
  const table = routes.map(([method, path, handler]) => ({
    method,
    pattern: new RegExp(`^${path.replace(/:[a-z]+/g, "([^/]+)")}$`),
    handler,
  }));
  const ask: Inside["ask"] = async <T>(call: Call, method: string, path: string, more: More = {}): Promise<T> => {
    for (const route of table) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match === null) continue;
      const query = new URLSearchParams(more.query);
      try {
        const reply = await route.handler({ ...call, method, path, query, body: more.body ?? {} }, ...match.slice(1));
        return (reply.body ?? {}) as T;
      } catch (error) {
        throw error instanceof Refusal ? translated(error) : error;
      }
    }
    throw notFound();
  };
  return {
    ask,
    async list(call, path, name, query) {
      if (!table.some((route) => route.method === "GET" && route.pattern.test(path))) return [];
      const all: unknown[] = [];
      for (let page = 1; ; page += 1) {
        const more = { query: { ...query, per_page: String(pageSize), page: String(page) } };
        const got = await ask<Record<string, unknown[] | undefined>>(call, "GET", path, more);
        const items = got[name] ?? [];
        all.push(...items);
        if (items.length < pageSize) return all as never[];
      }
    },
  };
}
