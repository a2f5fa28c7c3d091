import { CallError, redact } from "../client/refusal.ts";
import type { Dialect } from "../client/request.ts";
import { type errors, fail } from "../errors.ts";

type Code = keyof typeof errors;

/** Hetzner's codes that say enough by themselves. */
const codes: Readonly<Record<string, Code>> = {
  unauthorized: "token.refused",
  token_readonly: "token.refused",
  forbidden: "token.refused",
  resource_limit_exceeded: "quota.exceeded",
  server_limit_exceeded: "quota.exceeded",
  rate_limit_exceeded: "rate.limited",
  not_found: "cloud.absent",
  uniqueness_error: "name.taken",
  locked: "machine.busy",
  conflict: "machine.busy",
  protected: "cloud.protected",
  service_error: "cloud.failed",
  server_error: "cloud.failed",
  unavailable: "cloud.failed",
  maintenance: "cloud.failed",
  timeout: "cloud.failed",
};

const fields: Readonly<Record<string, Code>> = {
  server_type: "size.unknown",
  location: "region.unknown",
  home_location: "region.unknown",
  image: "image.unknown",
};

const hints: Partial<Record<Code, string>> = {
  "token.refused": "make a token with read and write permission in the project, then: ops secrets set hetzner.token",
  "quota.exceeded": "delete servers that are not needed or ask Hetzner for a higher limit",
  "cloud.unexpected": "the endpoint may not be Hetzner's API; check its address",
};

interface Said {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
}

function read(value: unknown): Said | undefined {
  const error = (value as { error?: unknown } | null | undefined)?.error;
  if (typeof error !== "object" || error === null) return undefined;
  const { code, message, details } = error as { code?: unknown; message?: unknown; details?: unknown };
  const named = (details as { fields?: unknown } | null | undefined)?.fields;
  return {
    code: typeof code === "string" ? code : "",
    message: typeof message === "string" ? message : "",
    fields: (Array.isArray(named) ? named : []).flatMap((one: { name?: unknown } | null) =>
      typeof one?.name === "string" ? [one.name] : [],
    ),
  };
}

function codeOf(status: number, said: Said | undefined): Code {
  if (status === 401) return "token.refused";
  if (status === 429) return "rate.limited";
  if (said === undefined) return status >= 500 ? "cloud.failed" : "cloud.unexpected";
  const known = codes[said.code];
  if (known !== undefined) return known;
  if (status >= 500) return /disk is full/.test(said.message) ? "disk.full" : "cloud.failed";
  const [field = ""] = said.fields;
  return fields[field] ?? "cloud.refused";
}

const longestMessage = 500;

/** The error of an answer of Hetzner's API that is none of success. The secrets are taken out of what the other side says. */
export const hetznerRefusal: Dialect["refusal"] = (response, value, call) => {
  const { status } = response;
  const said = read(value);
  const code = codeOf(status, said);
  const text = said === undefined || said.message === "" ? response.statusText : said.message;
  const message = redact(text, call.secrets);
  const id = response.headers.get("x-correlation-id") ?? response.headers.get("x-request-id");
  const where = `${status} at ${call.method} ${call.path.split("?")[0] ?? ""}${id ? `, request ${id}` : ""}`;
  const hint = hints[code];
  // What Hetzner refuses with a status of 4xx it has not done, but for a service of its own that failed.
  const sure =
    (status >= 300 && status < 500 && status !== 408 && said?.code !== "service_error") || code === "disk.full";
  const told = fail(code, `${message.slice(0, longestMessage)} (${where})`, hint === undefined ? {} : { hint });
  return new CallError(told, status, sure);
};
