import { SlipwayError } from "@slipway/model";
import { type errors, fail } from "../errors.ts";

/** The answer was an error, or there was none. `sure` is false when the work may have been done nevertheless. */
export class CallError extends SlipwayError {
  override readonly name = "CallError";
  readonly status: number | undefined;
  readonly sure: boolean;
  constructor(error: SlipwayError, status: number | undefined, sure: boolean) {
    super({
      code: error.code,
      message: error.message,
      hint: error.hint ?? "",
      exitCode: error.exitCode,
      cause: error.cause,
    });
    this.status = status;
    this.sure = sure;
  }
}

type Code = keyof typeof errors;

/** What a refusal is about, by its text; the API has no codes for these. In this order. */
const meanings: readonly (readonly [pattern: RegExp, code: Code])[] = [
  [/exceed your .*limit|limit (has been )?(reached|exceeded)/i, "quota.exceeded"],
  [/pending event/i, "machine.busy"],
  [/already (exists|in use|been taken|taken)|duplicate name|must be unique/i, "name.taken"],
  [/invalid size|size .*(invalid|not available|unavailable|not found)/i, "size.unknown"],
  [/invalid region|region .*(invalid|not available|unavailable|not found)/i, "region.unknown"],
  [/invalid image|image .*(invalid|not available|unavailable|not found)/i, "image.unknown"],
];

function codeOf(status: number, message: string, isJson: boolean): Code {
  if (status === 401 || status === 403) return "token.refused";
  if (status === 429) return "rate.limited";
  if (!isJson) return status >= 500 ? "cloud.failed" : "cloud.unexpected";
  if (status >= 500) return /disk is full/.test(message) ? "disk.full" : "cloud.failed";
  if (status === 404) return "cloud.absent";
  return meanings.find(([pattern]) => pattern.test(message))?.[1] ?? "cloud.refused";
}

const longestMessage = 500;

/** The error of an answer that is none of success. `secrets` are taken out of what the other side says. */
export function refusal(
  response: { readonly status: number; readonly statusText: string; readonly headers: Pick<Headers, "get"> },
  value: unknown,
  call: { readonly method: string; readonly path: string; readonly secrets: readonly string[] },
): CallError {
  const { status } = response;
  const said = (typeof value === "object" && value !== null ? value : {}) as {
    message?: unknown;
    request_id?: unknown;
  };
  const text = typeof said.message === "string" && said.message !== "" ? said.message : response.statusText;
  const message = redact(text, call.secrets).slice(0, longestMessage);
  const id = typeof said.request_id === "string" ? said.request_id : response.headers.get("x-request-id");
  const where = `${status} at ${call.method} ${call.path.split("?")[0] ?? ""}${id ? `, request ${id}` : ""}`;
  const code = codeOf(status, text, value !== undefined);
  const sure = (status >= 300 && status < 500 && status !== 408) || code === "disk.full";
  return new CallError(fail(code, `${message} (${where})`), status, sure);
}

/** Each secret as a whole, and each line of it that is long enough to be telling; inside JSON an escaped one ends it. */
export function redact(text: string, secrets: readonly string[]): string {
  const telling = secrets
    .flatMap((secret) => [secret, ...secret.split(/\r?\n|\\+n/)])
    .filter((part) => part.length >= 8);
  return telling
    .toSorted((a, b) => b.length - a.length)
    .reduce((kept, part) => kept.replaceAll(part, "[secret]"), text);
}
