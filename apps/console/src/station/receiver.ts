import { mkdir } from "node:fs/promises";
import { receiveWebhooks } from "@slipway/monitor/channels/receive";
import type { Role } from "./main.ts";
import { type ReceiverSettings, stationPaths } from "./settings.ts";

/** File of what was received, a line of JSON each. */
export const receivedFile = `${stationPaths.state("receiver")}/received.jsonl`;

/** Takes Slack-compatible notifications on the loopback address and keeps them: what a team's chat would be. For the demo. */
export const receiverStation: Role<ReceiverSettings> = async (settings, signal, say) => {
  await mkdir(stationPaths.state("receiver"), { recursive: true });
  await using receiver = await receiveWebhooks({
    port: settings.port,
    address: "127.0.0.1",
    file: receivedFile,
    onReceived: (webhook) => say(`received: ${webhook.text ?? "(no text)"}`),
  });
  say(`listening on 127.0.0.1:${receiver.port}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
};
