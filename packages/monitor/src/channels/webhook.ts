import type { Send } from "./channel.ts";
import { post } from "./post.ts";

/** Any program of one's own: the announcement as JSON, `{id, kind, at, alert}`. */
export const send: Send = (config, announcement, sending) => post(config, announcement, announcement, sending);
