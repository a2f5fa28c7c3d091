import { systemClock } from "@slipway/model";
import { z } from "zod";
import { fail } from "../errors.ts";
import { keyOf, wholeList } from "./pages.ts";
import { type Call, CallError, dialectOf, type Endpoint, type Method, requester } from "./request.ts";

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
  /**
   * One call, its answer held against a shape. What this client has just made may be unknown to the other side for a while: it is asked for again
   * as long as lists may lag, instead of being taken for gone.
   */
  call<T>(method: Method, path: string, shape: z.ZodType<T>, more?: More): Promise<T>;
  /** The same for an answer with all it says under one name. */
  one<T>(method: Method, path: string, name: string, shape: z.ZodType<T>, more?: More): Promise<T>;
  /** A whole list, all its pages. */
  every<T>(path: string, name: string, shape: z.ZodType<T>, query?: Query): Promise<T[]>;
  /** The same for lists of which the API says that they have no pages; these are followed if there are any. */
  short<T>(path: string, name: string, shape: z.ZodType<T>): Promise<T[]>;
  /** How long a list is, without reading it. Throws `cloud.unexpected` where that is not told. */
  count(path: string, name: string): Promise<number>;
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
const youngPauseMs = 500;
const createAttempts = 3;

export function apiOf(endpoint: Endpoint): Api {
  const request = requester(endpoint);
  const dialect = dialectOf(endpoint);
  const clock = endpoint.clock ?? systemClock;
  const lagMs = endpoint.lagMs ?? defaultLagMs;

  /** Paths of what this client made, and until when the other side may not know them yet. */
  const young = new Map<string, number>();
  const isYoung = (path: string): boolean => {
    for (const [made, until] of young) {
      if (until < clock.monotonic()) young.delete(made);
      else if (path === made || path.startsWith(`${made}/`)) return true;
    }
    return false;
  };

  const send = async (call: Call): Promise<unknown> => {
    const [path = ""] = call.path.split("?");
    for (;;) {
      try {
        const value = await request(call);
        if (call.method === "DELETE") young.delete(path);
        return value;
      } catch (error) {
        if (!(error instanceof CallError && error.status === 404 && isYoung(path))) throw error;
        await clock.sleep(youngPauseMs, endpoint.signal);
      }
    }
  };

  const call: Api["call"] = async (method, path, shape, more = {}) => {
    const { query, repeatable, ...rest } = more;
    const asked = queryOf(query);
    const value = await send({
      method,
      path: asked === "" ? path : `${path}?${asked}`,
      repeatable: repeatable ?? method !== "POST",
      ...rest,
    });
    // Zod would write a program for each schema at its first use: a process that asks a few times takes longer for that than for reading.
    const parsed = shape.safeParse(value, { jitless: true });
    if (parsed.success) return parsed.data;
    throw fail("cloud.unexpected", `the answer to ${method} ${path} is not what ${dialect.name} describes`, {
      cause: parsed.error,
    });
  };

  const appears: Api["appears"] = async (find) => {
    const until = clock.monotonic() + lagMs;
    for (let pauseMs = 200; ; pauseMs = Math.min(2_000, pauseMs * 1.5)) {
      const late = clock.monotonic() >= until;
      const found = await find();
      if (found !== undefined || late) return found;
      await clock.sleep(Math.min(pauseMs, Math.max(1, until - clock.monotonic())), endpoint.signal);
    }
  };

  const nothing = z.unknown();
  const by = { call, dialect };
  return {
    call,
    one: async (method, path, name, shape, more) => {
      const answer = await call(method, path, z.object({ [name]: shape }), more);
      const told = answer[name] as z.infer<typeof shape>;
      if (method === "POST")
        for (const key of [told].flat().flatMap(keyOf))
          young.set(`${path}/${encodeURIComponent(key)}`, clock.monotonic() + lagMs);
      return told;
    },
    every: (path, name, shape, query) =>
      wholeList(by, { path, name, shape, query: { ...query, per_page: dialect.pageSize, page: 1 } }),
    short: (path, name, shape) => wholeList(by, { path, name, shape, query: {} }),
    async count(path, name) {
      const answer = await call("GET", path, z.looseObject({ [name]: z.array(nothing).nullish() }), {
        query: { per_page: 1, page: 1 },
      });
      const { total } = dialect.pages(answer, 1);
      if (total === undefined)
        throw fail("cloud.unexpected", `the answer to GET ${path} does not tell how many there are`);
      return total;
    },
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
