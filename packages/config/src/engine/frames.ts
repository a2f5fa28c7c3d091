/** One answer out of a session: the text before its mark, its name and a status. */
export interface Frame {
  readonly name: string;
  readonly status: number;
  readonly text: string;
}

/** Shell text that ends a frame; `$N` holds the nonce. The name is a word of letters and digits. */
export const endOfFrame = (name: string, status = '"$?"'): string => `printf '\\n%s ${name} %s\\n' "$N" ${status}`;

/**
 * Cuts the output of a session into frames. A mark is a line of its own, `<nonce> <name> <status>`; as the nonce is random
 * and new for every run, no output can hold it by chance or malice. Chunks may be cut anywhere.
 */
export function frameReader(nonce: string): (chunk: string) => readonly Frame[] {
  const mark = `\n${nonce} `;
  let rest = "";
  // Where the search goes on, so that a large answer in small chunks is not searched again and again.
  let from = 0;
  return (chunk) => {
    rest += chunk;
    const frames: Frame[] = [];
    for (;;) {
      const start = rest.indexOf(mark, from);
      if (start < 0) {
        from = Math.max(0, rest.length - mark.length + 1);
        return frames;
      }
      const end = rest.indexOf("\n", start + mark.length);
      if (end < 0) {
        from = start;
        return frames;
      }
      const [name = "", status = ""] = rest.slice(start + mark.length, end).split(" ");
      frames.push({ name, status: Number(status), text: rest.slice(0, start) });
      rest = rest.slice(end + 1);
      from = 0;
    }
  };
}
