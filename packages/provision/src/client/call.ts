import { systemClock } from "@slipway/model";
import { z } from "zod";
import { fail } from "../errors.ts";
import { CallError, dialectOf, type Endpoint, type Method, requester } from "./request.ts";

/** Values of a query; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface More {
  readonly query?: Query;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether making the call twice does no harm. Default: all but POST. */
  readonly repeatable?: boolean;
}

/** What the families of calls are made of. */
export interface Api {
  /** One call, its answer held against a shape. */
  call<T>(method: Method, path: string, shape: z.ZodType<T>, more?: More): Promise<T>;
  /** The same for an answer with all it says under one name. */
  one<T>(method: Method, path: string, name: string, shape: z.ZodType<T>, more?: More): Promise<T>;
  /** A whole list, all its pages. */
  every<T>(path: string, name: string, shape: z.ZodType<T>, query?: Query): Promise<T[]>;
  /** The same for lists of which the API says that they have no pages; these are followed if there are any. */
  short<T>(path: string, name: string, shape: z.ZodType<T>): Promise<T[]>;
  /** A call whose answer does not matter. */
  tell(method: Method, path: string, more?: More): Promise<void>;
  /** Deletes; what is gone already is as good. */
  remove(path: string, more?: More): Promise<void>;
  /**
   * Makes a thing once: when the answer is lost it is looked for, as long as lists may lag, before the call is made again.
   */
  once<T>(make: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T>;
  /** Looks again and again until there is something or lists cannot lag any longer. */
  appears<T>(find: () => Promise<T | undefined>): Promise<T | undefined>;
}

/** A path with its parts encoded: `` path`/v2/tags/${tag}` ``. */
export const path = (parts: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  String.raw(parts, ...values.map((value) => encodeURIComponent(value)));

const defaultLagMs = 10_000;
const createAttempts = 3;
const listAttempts = 3;

export function apiOf(endpoint: Endpoint): Api {
  const request = requester(endpoint);
  const dialect = dialectOf(endpoint);
  const clock = endpoint.clock ?? systemClock;

  const call: Api["call"] = async (method, path, shape, more = {}) => {
    const { query, repeatable, ...rest } = more;
    const asked = queryOf(query);
    const value = await request({
      method,
      path: asked === "" ? path : `${path}?${asked}`,
      repeatable: repeatable ?? method !== "POST",
      ...rest,
    });
    const parsed = shape.safeParse(value);
    if (parsed.success) return parsed.data;
    throw fail("cloud.unexpected", `the answer to ${method} ${path} is not what ${dialect.name} describes`, {
      cause: parsed.error,
    });
  };

  /** All pages once, and whether the list changed meanwhile, so that an item may have been missed. */
  const read = async <T>(
    path: string,
    name: string,
    shape: z.ZodType<T>,
    query: Query,
  ): Promise<{ all: T[]; moved: boolean }> => {
    const answer = z.looseObject({ [name]: z.array(shape).nullish() });
    const all: T[] = [];
    let total: number | undefined;
    let moved = false;
    for (let page = 1, asked = query; ; ) {
      const got = await call("GET", path, answer, { query: asked });
      all.push(...((got as Record<string, T[] | null | undefined>)[name] ?? []));
      const pages = dialect.pages(got, page);
      moved ||= total !== undefined && pages.total !== total;
      total = pages.total;
      if (pages.next === undefined) break;
      page = pages.next;
      asked = { ...query, page };
    }
    return { all, moved };
  };

  const whole = async <T>(path: string, name: string, shape: z.ZodType<T>, query: Query): Promise<T[]> => {
    for (let attempt = 1; ; attempt += 1) {
      const { all, moved } = await read(path, name, shape, query);
      if (!moved || attempt >= listAttempts) return withoutRepeated(all);
    }
  };

  const appears: Api["appears"] = async (find) => {
    const until = clock.monotonic() + (endpoint.lagMs ?? defaultLagMs);
    for (let pauseMs = 200; ; pauseMs = Math.min(2_000, pauseMs * 1.5)) {
      const late = clock.monotonic() >= until;
      const found = await find();
      if (found !== undefined || late) return found;
      await clock.sleep(Math.min(pauseMs, Math.max(1, until - clock.monotonic())), endpoint.signal);
    }
  };

  const nothing = z.unknown();
  return {
    call,
    one: async (method, path, name, shape, more) => {
      const answer = await call(method, path, z.object({ [name]: shape }), more);
      return answer[name] as z.infer<typeof shape>;
    },
    every: (path, name, shape, query) => whole(path, name, shape, { ...query, per_page: dialect.pageSize, page: 1 }),
    short: (path, name, shape) => whole(path, name, shape, {}),
    tell: async (method, path, more) => {
      await call(method, path, nothing, more);
    },
    remove: async (path, more) => {
      try {
        await call("DELETE", path, nothing, more);
      } catch (error) {
        if (!(error instanceof CallError && error.status === 404)) throw error;
      }
    },
    async once(make, find) {
      let lost = false;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await make();
        } catch (error) {
          if (!(error instanceof CallError)) throw error;
          // After a lost answer, a name that is taken was taken by the lost call.
          if (error.sure && !(lost && error.code === "name.taken")) throw error;
          lost = true;
          const found = await appears(find);
          if (found !== undefined) return found;
          if (attempt >= createAttempts) throw error;
        }
      }
    },
    appears,
  };
}

function queryOf(query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.toString();
}

/** An item that moved to the next page while it was read is there twice. */
function withoutRepeated<T>(all: readonly T[]): T[] {
  const seen = new Set<unknown>();
  return all.filter((item) => {
    const { id, ip, urn } = (typeof item === "object" && item !== null ? item : {}) as Record<string, unknown>;
    const key = id ?? ip ?? urn;
    if (key === undefined) return true;
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}
