const shown = "[secret]";

/**
 * Stands for a value of the vault, by name. It holds no value, so it cannot leak one: whoever may use the value asks a {@link Secrets}.
 * `#sealed` makes the type nominal: an object with a `name` is no Secret.
 */
export class Secret<out Name extends string = string> {
  readonly #sealed = true;
  readonly name: Name;
  constructor(name: Name) {
    this.name = name;
  }
  /** Whether `value` is a Secret, across copies of this module too it is not. */
  static is(value: unknown): value is Secret {
    return typeof value === "object" && value !== null && #sealed in value && value.#sealed;
  }
  toString(): string {
    return shown;
  }
  toJSON(): { secret: string } {
    return { secret: this.name };
  }
  get [Symbol.toStringTag](): string {
    return shown;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return shown;
  }
}

/** Opens secrets. */
export interface Secrets {
  /** The value. Throws `secret.missing` with the command that sets it. */
  reveal(secret: Secret): Promise<string>;
}
