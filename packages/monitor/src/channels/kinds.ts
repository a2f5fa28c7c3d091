import type { Send } from "./channel.ts";
import { send as slack } from "./slack.ts";
import { send as webhook } from "./webhook.ts";

/** The channels a station knows. A program of one's own hands over more to `runMonitor`. */
export const channelKinds: Readonly<Record<string, Send>> = { slack, webhook };
