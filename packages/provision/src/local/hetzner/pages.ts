import type { Call, Reply } from "../http.ts";
import { selector } from "./labels.ts";
import { invalid } from "./refusal.ts";

type Item = Readonly<Record<string, unknown>>;

const defaultSize = 25;
const largestSize = 50;

/** A list as Hetzner's API gives it: filtered by `name`, `label_selector` and the named fields, sorted, one page. */
export function page(call: Call, key: string, all: readonly object[], filters: readonly string[] = []): Reply {
  let items = all as readonly Item[];
  for (const field of ["name", ...filters]) {
    const wanted = call.query.getAll(field);
    if (wanted.length > 0) items = items.filter((item) => wanted.includes(String(item[field])));
  }
  const asked = call.query.get("label_selector");
  if (asked !== null) {
    const test = selector(asked);
    items = items.filter((item) => test((item["labels"] ?? {}) as Record<string, string>));
  }
  items = sorted(items, call.query.getAll("sort"));
  const size = Math.min(number(call, "per_page", defaultSize), largestSize);
  const at = number(call, "page", 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const pagination = {
    page: at,
    per_page: size,
    previous_page: at > 1 ? at - 1 : null,
    next_page: at < last ? at + 1 : null,
    last_page: last,
    total_entries: items.length,
  };
  return { status: 200, body: { [key]: items.slice((at - 1) * size, at * size), meta: { pagination } } };
}

/** The actions of a thing that is there: they were done when they were answered, and nothing is kept of them. */
export const noActions = (call: Call, _there: object): Reply => page(call, "actions", []);

function number(call: Call, key: string, fallback: number): number {
  const given = call.query.get(key);
  if (given === null || given === "") return fallback;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1) throw invalid(key, "must be a positive number");
  return value;
}

function sorted(items: readonly Item[], orders: readonly string[]): readonly Item[] {
  const keys = orders
    .flatMap((order) => order.split(","))
    .map((order) => {
      const [field = "", direction = "asc"] = order.split(":");
      if (!/^[a-z_]+$/.test(field) || !/^(asc|desc)$/.test(direction)) throw invalid("sort", `'${order}' is no order`);
      return { field, sign: direction === "desc" ? -1 : 1 };
    });
  if (keys.length === 0) return items;
  return [...items].sort((a, b) => {
    for (const { field, sign } of keys) {
      const difference = compare(a[field], b[field]) * sign;
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

const compare = (a: unknown, b: unknown): number =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
