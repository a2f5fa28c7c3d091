import { Secret } from "./secret.ts";

/** Text with secrets in it, such as a configuration file with a password. It holds no value; made by {@link secretText}. */
export class SecretText {
  readonly #sealed = true;
  readonly parts: readonly (string | Secret)[];
  constructor(parts: readonly (string | Secret)[]) {
    this.parts = parts;
  }
  static is(value: unknown): value is SecretText {
    return typeof value === "object" && value !== null && #sealed in value && value.#sealed;
  }
  /** The text with `[secret]` where a value would stand. */
  toString(): string {
    return this.parts.join("");
  }
  toJSON(): { text: readonly (string | { secret: string })[] } {
    return { text: this.parts.map((part) => (typeof part === "string" ? part : part.toJSON())) };
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** What a file or the input of a command consists of. */
export type Content = string | Secret | SecretText;

/** Text around secrets: ``secretText`password = ${secret("db.password")}\n` ``. */
export const secretText = (
  strings: TemplateStringsArray,
  ...holes: readonly (string | number | Secret)[]
): SecretText => {
  const parts: (string | Secret)[] = [];
  strings.forEach((text, index) => {
    if (text !== "") parts.push(text);
    const hole = holes[index];
    if (hole !== undefined) parts.push(typeof hole === "number" ? String(hole) : hole);
  });
  return new SecretText(parts);
};

/** The secrets in a content. */
export const secretsIn = (content: Content): readonly Secret[] =>
  typeof content === "string"
    ? []
    : Secret.is(content)
      ? [content]
      : content.parts.filter((part): part is Secret => typeof part !== "string");

/** Tells one content with secrets from another without their values. */
export const contentKey = (content: Secret | SecretText): string =>
  Secret.is(content) ? content.name : JSON.stringify(content);

/** The whole text, with the values that `reveal` gives. */
export const filled = (content: Content, reveal: (secret: Secret) => string): string =>
  typeof content === "string"
    ? content
    : Secret.is(content)
      ? reveal(content)
      : content.parts.map((part) => (typeof part === "string" ? part : reveal(part))).join("");
