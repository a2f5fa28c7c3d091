import type { Docker as Dockerode } from "@slipway/connection/docker";

/** A client of the Docker engine of the CI's host: `docker(connection)` of @slipway/connection gives one. */
export type Docker = Dockerode;

export const statusOf = (thrown: unknown): number | undefined =>
  thrown instanceof Error && "statusCode" in thrown && typeof thrown.statusCode === "number"
    ? thrown.statusCode
    : undefined;

/** Runs an effect that is already done when the engine says 404 (not there) or 409 (on its way, or already). */
export async function unlessGone(effect: Promise<unknown>): Promise<void> {
  try {
    await effect;
  } catch (thrown) {
    const status = statusOf(thrown);
    if (status !== 404 && status !== 409 && status !== 304) throw thrown;
  }
}

/** Labels by which everything that a run makes is found again. */
export const labelsOf = (repository: string, run: string, step: string, attempt: number): Record<string, string> => ({
  "slipway.ci": repository,
  "slipway.run.id": run,
  "slipway.step": step,
  "slipway.attempt": String(attempt),
});

/**
 * The engine's multiplexed output: frames of one byte for the stream (1 stdout, 2 stderr), three empty ones, four of length.
 * In the order they came, which splitting into two streams would lose.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* frames(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly stream: number; readonly bytes: Uint8Array }> {
  let held = Buffer.alloc(0);
  let left = 0;
  let kind = 1;
  for await (const chunk of stream) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    for (;;) {
      if (left > 0) {
        if (held.length === 0) break;
        const bytes = held.subarray(0, left);
        left -= bytes.length;
        held = held.subarray(bytes.length);
        yield { stream: kind, bytes };
      } else {
        if (held.length < 8) break;
        kind = held[0] ?? 1;
        left = held.readUInt32BE(4);
        held = held.subarray(8);
      }
    }
  }
}
