import type { Writable } from "node:stream";

/**
 * Splits Docker's multiplexed stream (an 8-byte header with the stream's number and the length, then as many bytes) into stdout and stderr.
 * Unlike docker-modem's it waits for slow readers, and tells a stream that was cut in the middle of a frame.
 * Resolves after both were ended; https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function demultiplex(source: NodeJS.ReadableStream, stdout: Writable, stderr: Writable): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  let target = stdout;
  let left = 0;
  const write = async (to: Writable, chunk: Buffer): Promise<void> => {
    if (to.destroyed || to.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        to.off("drain", go).off("close", go);
        resolve();
      };
      to.once("drain", go).once("close", go);
    });
  };
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      while (held.length > 0) {
        if (left === 0) {
          if (held.length < 8) break;
          target = held[0] === 2 ? stderr : stdout;
          left = held.readUInt32BE(4);
          held = held.subarray(8);
          continue;
        }
        const piece = held.subarray(0, left);
        left -= piece.length;
        held = held.subarray(piece.length);
        await write(target, piece);
      }
    }
    if (left > 0 || held.length > 0) throw new Error("the stream ended in the middle of a frame");
    stdout.end();
    stderr.end();
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    stdout.destroy(reason);
    stderr.destroy(reason);
    throw reason;
  }
}
