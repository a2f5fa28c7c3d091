/** The hostname characters of a droplet's name. */
export const validName = (name: unknown): name is string =>
  typeof name === "string" && /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(name);
export const badName = "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";

/** Of the network in the engine that a cloud's droplets are on. */
export const networkName = (cloud: string): string => `slipway-${cloud}`;
