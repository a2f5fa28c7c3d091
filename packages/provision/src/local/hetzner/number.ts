import { createHash } from "node:crypto";

/** The number by which Hetzner's API knows what the other one knows by a text; below 2^31. */
export const numberOf = (id: string): number => createHash("sha256").update(id).digest().readUInt32BE(0) >>> 1;
