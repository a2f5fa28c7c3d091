/** Operations that the local cloud does not serve yet. Shrinks to nothing; one that is served must be taken out. */
export const awaited: ReadonlySet<string> = new Set<string>();
