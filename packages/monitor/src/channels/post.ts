import { Secret } from "@slipway/model";
import type { Announcement } from "../alerts/machine.ts";
import type { ChannelConfig, Sending } from "./channel.ts";

const deadlineMs = 10_000;

/** Posts JSON to the channel's secret address. Any answer but 2xx rejects. Neither address nor answer is in the error. */
export async function post(
  config: ChannelConfig,
  announcement: Announcement,
  body: object,
  { secrets, signal }: Sending,
): Promise<void> {
  const address = await secrets.reveal(new Secret(config.url.secret));
  let response: Response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": announcement.id },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    });
  } catch (error) {
    // undici puts the address into some messages, and the address is a secret: only the code of the cause is kept.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`${config.name}: not delivered, ${reasonOf(error)}`);
  }
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${config.name}: not delivered, status ${response.status} ≠ 2xx`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  const cause: unknown = error.cause;
  if (typeof cause === "object" && cause !== null && "code" in cause) return String(cause.code);
  return error.name;
}
