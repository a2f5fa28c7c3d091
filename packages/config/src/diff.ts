const maxLines = 400;

/** Changed lines of a text with `-` and `+`, one line of context around them. Large texts are only counted. */
export function diffLines(before: string, after: string): string {
  const a = before.split("\n");
  const b = after.split("\n");
  if (a.length > maxLines || b.length > maxLines) return `${a.length} lines become ${b.length} lines`;
  // Longest common subsequence, from the end: small texts only, so the plain table is the clearest.
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: { sign: " " | "-" | "+"; text: string }[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i] ?? "" });
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: "-", text: a[i] ?? "" });
      i += 1;
    } else {
      lines.push({ sign: "+", text: b[j] ?? "" });
      j += 1;
    }
  }
  const near = (index: number): boolean =>
    [index - 1, index, index + 1].some((one) => (lines[one]?.sign ?? " ") !== " ");
  return lines
    .filter((_, index) => near(index))
    .map((line) => `${line.sign} ${line.text}`.trimEnd())
    .join("\n")
    .trimEnd();
}
