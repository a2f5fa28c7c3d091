import { Secret } from "@slipway/model";
import { fail } from "./errors.ts";

/** Gives the secret of a name; a name that was not listed does not compile, and throws `secret.missing`. */
export type SecretsByName<N extends string> = <const K extends N>(name: K) => Secret<K>;

/**
 * The secrets of a platform by name, so that a misspelled one is an error of the compiler. Takes the list of names, or an object that has
 * them as keys (such as a JSON file of sealed values). No value is read here.
 */
export function vault<const N extends string>(names: readonly N[]): SecretsByName<N>;
export function vault<const V extends Readonly<Record<string, string>>>(sealed: V): SecretsByName<keyof V & string>;
export function vault(given: readonly string[] | Readonly<Record<string, string>>): SecretsByName<string> {
  const names = new Set<string>(Array.isArray(given) ? given : Object.keys(given));
  for (const name of names) checkName(name);
  return (name) => {
    if (!names.has(name)) throw fail("secret.missing", `the secret ${name} is not among the listed names`);
    return new Secret(name);
  };
}

/** Throws `secret.name` for what could not be a file's name everywhere. */
export function checkName(name: string): void {
  // The signature's file is manifest.json.asc.
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(name) || name.includes("..") || name === "manifest.json") {
    throw fail("secret.name", `${JSON.stringify(name)} cannot be a secret's name`);
  }
}

const folders = new Set(["recipients", "public"]);

/** Throws `vault.context` for what could not be a context's folder beside those of the vault itself. */
export function checkContext(context: string): void {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(context) || folders.has(context)) {
    throw fail("vault.context", `${JSON.stringify(context)} cannot be a context`);
  }
}
