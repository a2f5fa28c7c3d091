import type { Machine } from "@slipway/model";

/** A machine that nobody makes, as the console declares it. */
export const existing = (address: string): Machine => ({ provider: "existing", spec: { address } });
