import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** By the first sign of a line: what a plan, a report or a diff prints there. */
const styles: Readonly<Record<string, Style>> = {
  "~": "yellow",
  "+": "green",
  "-": "red",
  "?": "cyan",
  "!": "magenta",
  x: "red",
  "=": "dim",
  ".": "dim",
};

/** Colours the lines of a plan, a report or a diff by their first sign, and headings; plain when the stream is no terminal or NO_COLOR is set. */
export const coloured = (text: string, stream: NodeJS.WritableStream = process.stdout): string =>
  text
    .split("\n")
    .map((line) => {
      const [, sign = ""] = /^ +(\S)(?: |$)/.exec(line) ?? [];
      const style: Style | undefined = styles[sign] ?? (/^[\w.-]+(?:, [\w.-]+)*: /.test(line) ? "bold" : undefined);
      return style === undefined ? line : styleText(style, line, { stream });
    })
    .join("\n");
