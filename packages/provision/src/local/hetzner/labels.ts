import { invalid } from "./refusal.ts";

export type Labels = Readonly<Record<string, string>>;

const name = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/;
const prefix = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

function validKey(key: string): boolean {
  const slash = key.lastIndexOf("/");
  if (slash < 0) return name.test(key);
  const domain = key.slice(0, slash);
  return domain.length <= 253 && prefix.test(domain) && domain !== "hetzner.cloud" && name.test(key.slice(slash + 1));
}

/** Labels of a request, checked; undefined when it has none. */
export function readLabels(given: unknown): Labels | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== "object" || Array.isArray(given)) throw invalid("labels", "must be an object");
  for (const [key, value] of Object.entries(given))
    if (!validKey(key) || typeof value !== "string" || !(value === "" || name.test(value)))
      throw invalid("labels", `label '${key}' is not valid`);
  return { ...(given as Record<string, string>) };
}

type Test = (labels: Labels) => boolean;

/** One expression of a selector, between its commas. */
function expression(text: string): Test {
  const has = (labels: Labels, key: string): boolean => Object.hasOwn(labels, key);
  const set = /^([^\s!=]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = "", word, list = ""] = set;
    const values = list.split(",").map((one) => one.trim());
    const within: Test = (labels) => has(labels, key) && values.includes(labels[key] ?? "");
    return word === "in" ? within : (labels) => !within(labels);
  }
  const equal = /^([^\s!=]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equal !== null) {
    const [, key = "", sign, value = ""] = equal;
    const same: Test = (labels) => has(labels, key) && labels[key] === value;
    return sign === "!=" ? (labels) => !same(labels) : same;
  }
  const lone = /^(!?)\s*([^\s!=(),]+)$/.exec(text);
  if (lone === null) throw invalid("label_selector", `'${text}' is not an expression`);
  const [, not, key = ""] = lone;
  return (labels) => has(labels, key) === (not === "");
}

/** What a label selector asks, e.g. `env in (test,staging),!type`. Throws `invalid_input`. */
export function selector(text: string): Test {
  if (text.trim() === "") return () => true;
  const parts = text.split(/,(?![^(]*\))/).map((part) => expression(part.trim()));
  return (labels) => parts.every((test) => test(labels));
}
