/** A program and its arguments, each passed as it is: no shell reads them. */
export type Command = readonly [program: string, ...args: string[]];

/** One word as a POSIX shell reads it back unchanged. */
export const quote = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** Shell text of a command. */
export const commandLine = (command: Command): string => command.map(quote).join(" ");

/** A piece of shell text that was built by {@link sh} and may be put into another one unquoted. */
export class ShellText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

type Hole = string | number | ShellText | readonly string[];

/**
 * The one way to write shell text: every hole is quoted as one word (an array as several), unless it is itself the result of `sh`.
 * Holes must not stand inside quotes.
 */
export function sh(strings: TemplateStringsArray, ...holes: readonly Hole[]): ShellText {
  let text = strings[0] ?? "";
  holes.forEach((hole, index) => {
    if (hole instanceof ShellText) text += hole.text;
    else if (typeof hole === "number") text += String(hole);
    else if (typeof hole === "string") text += quote(hole);
    else text += hole.map(quote).join(" ");
    text += strings[index + 1] ?? "";
  });
  return new ShellText(text);
}
