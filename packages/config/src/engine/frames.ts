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
 * and new for every run, no output can hold it by chance or malice. Chunks may be cut anywhere; each is searched once, however large
 * the answer grows.
 */
export function frameReader(nonce: string): (chunk: string) => readonly Frame[] {
  const mark = `\n${nonce} `;
  /** Text that holds no mark, and what may hold the beginning of one. */
  let settled: string[] = [];
  let open = "";
  return (chunk) => {
    open += chunk;
    const frames: Frame[] = [];
    for (;;) {
      const start = open.indexOf(mark);
      if (start < 0) {
        const cut = open.length - mark.length + 1;
        if (cut > 0) {
          settled.push(open.slice(0, cut));
          open = open.slice(cut);
        }
        return frames;
      }
      const end = open.indexOf("\n", start + mark.length);
      if (end < 0) return frames;
      const [name = "", status = ""] = open.slice(start + mark.length, end).split(" ");
      frames.push({ name, status: Number(status), text: settled.join("") + open.slice(0, start) });
      settled = [];
      open = open.slice(end + 1);
    }
  };
}
