/**
 * The files that a dynamically linked program needs, from the output of `ldd`: absolute paths as the loader will ask for them.
 * A static program has none. Throws on a library that the machine lacks.
 */
export const librariesOf = (ldd: string): readonly string[] => {
  const found = new Set<string>();
  for (const line of ldd.split("\n")) {
    const [, missing] = /^\s*(\S+) => not found/.exec(line) ?? [];
    if (missing !== undefined) throw new Error(`library ${missing} is missing on this machine`);
    const [, path] = /^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line) ?? [];
    if (path !== undefined) found.add(path);
  }
  return [...found].sort();
};
