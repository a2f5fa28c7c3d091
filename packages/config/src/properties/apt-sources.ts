import { all, type DebianLike, debianLike, type Property, property, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { updated } from "./apt-commands.ts";
import { absent, content, directory } from "./file.ts";

export interface SourceOptions {
  /** Where the archive is, without user and password: `https://…`, `http://…` or `file:/…`. */
  readonly uris: string | readonly string[];
  /** As in `bookworm`. One that ends with `/` is a folder and has no components. */
  readonly suites: string | readonly string[];
  /** Default `main`. */
  readonly components?: string | readonly string[];
  /** The archive's public key, armored: the text that begins with `-----BEGIN PGP PUBLIC KEY BLOCK-----`. Only this key is trusted for it. */
  readonly key: string;
  /** Default: binary packages only. */
  readonly types?: "deb" | "deb-src" | readonly ("deb" | "deb-src")[];
  /** Default: those of the host. */
  readonly architectures?: readonly string[];
}

const words = (given: string | readonly string[]): readonly string[] => (typeof given === "string" ? [given] : given);

function field(name: string, values: readonly string[], pattern: RegExp): string {
  const bad = values.find((value) => !pattern.test(value));
  if (values.length === 0 || bad !== undefined)
    throw fail("config.bad-argument", `${JSON.stringify(bad ?? "")} is not good for ${name} of a source of packages`);
  return `${name}: ${values.join(" ")}\n`;
}

function sourceText(keyPath: string, of: SourceOptions): string {
  const suites = words(of.suites);
  const folders = suites.filter((suite) => suite.endsWith("/")).length;
  if (folders > 0 && (folders !== suites.length || of.components !== undefined))
    throw fail("config.bad-argument", "a source of packages whose suites are folders has no components");
  if (words(of.uris).some((uri) => /\/\/[^/]*@/.test(uri))) {
    throw fail("config.bad-argument", "the address of a source of packages has a user in it", {
      hint: "Write it without, and put user and password into /etc/apt/auth.conf.d by file.content of a secret.",
    });
  }
  return [
    field("Types", words(of.types ?? "deb"), /^deb(-src)?$/),
    field("URIs", words(of.uris), /^(https?:\/\/|file:\/)[\w.~:/?#[\]@!$&'()*+,;=%-]+$/),
    field("Suites", suites, /^[\w.~:/+-]+$/),
    ...(folders > 0 ? [] : [field("Components", words(of.components ?? "main"), /^[\w./+-]+$/)]),
    ...(of.architectures === undefined ? [] : [field("Architectures", of.architectures, /^[a-z0-9-]+$/)]),
    `Signed-By: ${keyPath}\n`,
  ].join("");
}

/** An action, for `onChange`: the lists of packages are brought up to date. */
export const listsUpdated: Property<DebianLike> = property("lists of packages are brought up to date", {
  on: debianLike,
  observe: { read: ["true"], reads: [], parse: () => undefined },
  plan: () => [updated],
  writes: ["apt-lists"],
  action: true,
});

/**
 * Packages come from this archive too, if they are signed by its key: `/etc/apt/sources.list.d/<name>.sources` and
 * `/etc/apt/keyrings/<name>.asc`. When it changes, the lists are brought up to date; an archive that cannot be read or has another
 * signature is a failure. Its opposite removes both files; what was installed from there stays. Throws `config.bad-argument`.
 */
export function source(name: string, of: SourceOptions): Revertable<DebianLike> {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name))
    throw fail(
      "config.bad-argument",
      `"${name}" is not a name for a source of packages: small letters, digits, - and _`,
    );
  const key = `${of.key.trim()}\n`;
  if (!/^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n[\s\S]*\n-----END PGP PUBLIC KEY BLOCK-----\n$/.test(key))
    throw fail("config.bad-argument", `the key of the source ${name} is not an armored public OpenPGP key`);
  const path = `/etc/apt/sources.list.d/${name}.sources`;
  const keyPath = `/etc/apt/keyrings/${name}.asc`;
  const keyFile = content(keyPath, key).requires(directory("/etc/apt/keyrings"));
  const list = content(path, sourceText(keyPath, of));
  return revertable(
    all(`packages come from ${name}`, [keyFile, list]).onChange(listsUpdated),
    all(`no packages come from ${name}`, [absent(path).onChange(listsUpdated), absent(keyPath)]),
  );
}
