import type { Secrets } from "@slipway/model";
import type { Announcement } from "../alerts/machine.ts";

/** A way to tell people. Plain data in a configuration; each kind is one file beside this one. */
export interface ChannelConfig {
  readonly kind: string;
  readonly name: string;
  /** Where it sends to: the name of a secret, as a Secret is written in JSON. */
  readonly url: { readonly secret: string };
}

export interface Sending {
  readonly secrets: Secrets;
  readonly signal: AbortSignal;
}

/**
 * Sends one announcement. Resolves when the receiver has taken it; rejects otherwise, with a message that holds no secret, and is
 * then called again later. The same announcement may come twice after a crash: its id tells.
 */
export type Send = (config: ChannelConfig, announcement: Announcement, sending: Sending) => Promise<void>;
