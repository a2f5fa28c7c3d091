import { connect } from "node:net";

/** Whether the first bytes at the address are SSH's greeting. Never rejects; a silent address is given 2 s. */
export function answersSsh(address: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const socket = connect({ host: address, port, signal });
    socket.setTimeout(2_000, () => socket.destroy());
    socket.once("data", (bytes) => {
      resolve(bytes.toString("latin1").startsWith("SSH-2.0-"));
      socket.destroy();
    });
    socket.on("error", () => {}).on("close", () => resolve(false));
  });
}
