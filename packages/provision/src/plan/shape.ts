import type { ProvisionPlan } from "../plan.ts";

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isList = (value: unknown, of: (one: unknown) => boolean): boolean => Array.isArray(value) && value.every(of);
const isMaybe = (value: unknown, of: (one: unknown) => boolean): boolean => value === undefined || of(value);
const isTexts = (value: unknown): boolean => isList(value, isText);

const isChange = (one: unknown): boolean =>
  isObject(one) && ["field", "from", "to", "how", "by"].every((name) => isText(one[name]));

const isStep = (one: unknown): boolean =>
  isObject(one) &&
  ["id", "do", "ref"].every((name) => isText(one[name])) &&
  isMaybe(one["cloudId"], isText) &&
  isMaybe(one["reason"], isText) &&
  isList(one["fields"], isChange) &&
  isTexts(one["after"]) &&
  isNumber(one["monthly"]) &&
  isNumber(one["change"]);

const isUnlisted = (one: unknown): boolean =>
  isObject(one) && isText(one["ref"]) && isText(one["cloudId"]) && isNumber(one["monthly"]);

const isRule = (one: unknown): boolean =>
  isObject(one) &&
  isText(one["protocol"]) &&
  isText(one["ports"]) &&
  isTexts(one["addresses"]) &&
  isTexts(one["machines"]);

/** What each kind has besides its name. */
const wanted: Readonly<Record<string, (one: Fields) => boolean>> = {
  machine: (one) =>
    ["region", "size", "image"].every((name) => isText(one[name])) &&
    isTexts(one["tags"]) &&
    isTexts(one["firewalls"]) &&
    isMaybe(one["userData"], isText) &&
    isMaybe(one["ipv6"], (on) => typeof on === "boolean") &&
    typeof one["protect"] === "boolean" &&
    typeof one["backups"] === "boolean",
  key: (one) => isText(one["publicKey"]),
  project: (one) => isText(one["purpose"]) && isText(one["environment"]) && isTexts(one["members"]),
  volume: (one) =>
    isText(one["region"]) &&
    isNumber(one["gigabytes"]) &&
    isMaybe(one["machine"], isText) &&
    typeof one["protect"] === "boolean",
  firewall: (one) => isTexts(one["machines"]) && isList(one["inbound"], isRule) && isList(one["outbound"], isRule),
  "reserved-ip": (one) => isText(one["machine"]),
  domain: () => true,
  record: (one) =>
    ["domain", "host", "type"].every((name) => isText(one[name])) &&
    isNumber(one["ttl"]) &&
    (isText(one["data"]) || (isObject(one["data"]) && isText(one["data"]["of"]))),
};

const isWanted = (one: unknown): boolean =>
  isObject(one) &&
  isText(one["name"]) &&
  typeof one["kind"] === "string" &&
  Object.hasOwn(wanted, one["kind"]) &&
  wanted[one["kind"]]?.(one) === true;

const isAdoption = (one: unknown): boolean =>
  isObject(one) && isText(one["ref"]) && isText(one["id"]) && isMaybe(one["hostKey"], isText);

const isOptions = (one: unknown): boolean =>
  isObject(one) &&
  isText(one["stack"]) &&
  isMaybe(one["unlisted"], isText) &&
  ["only", "replace", "unprotect"].every((name) => isMaybe(one[name], isTexts)) &&
  isMaybe(one["adopt"], (all) => isList(all, isAdoption));

/** Whether something that was read has the shape of a plan. Pure. */
export const isPlan = (plan: unknown): plan is ProvisionPlan =>
  isObject(plan) &&
  ["stack", "currency", "digest"].every((name) => isText(plan[name])) &&
  isList(plan["steps"], isStep) &&
  isList(plan["unlisted"], isUnlisted) &&
  isTexts(plan["drift"]) &&
  isTexts(plan["problems"]) &&
  isNumber(plan["monthly"]) &&
  isNumber(plan["change"]) &&
  isList(plan["wanted"], isWanted) &&
  isOptions(plan["options"]);
