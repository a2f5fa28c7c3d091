import {
  type Content,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Revertable,
  revertable,
  type Secret,
  secretText,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { file } from "../facts/files.ts";
import { installed } from "./apt.ts";
import { certificateFolder, certificateName, path } from "./certificate-path.ts";
import { absent, content } from "./file.ts";
import { reloaded } from "./systemd.ts";

export { type AcmeOptions, acme, challengeLocation } from "./certificate-acme.ts";
export { path } from "./certificate-path.ts";

// Public halves only are compared; a key with a passphrase is refused rather than asked for.
const tried = `c=$(openssl x509 -in "$1" -noout -pubkey) || exit
k=$(openssl pkey -in "$1" -passin pass: -pubout) || exit
[ "$c" = "$k" ] || { echo "the key does not belong to the certificate" >&2; exit 1; }
openssl x509 -in "$1" -noout -checkend 0 || { echo "the certificate has expired" >&2; exit 1; }`;

export interface OwnOptions {
  /** The certificate and those above it, in PEM. */
  readonly chain: string | Secret;
  /** Its private key in PEM, without a passphrase. */
  readonly key: Secret;
  /** Units that read it again when it changes, those that are there. Default nginx. */
  readonly reloads?: readonly string[];
}

/**
 * A certificate of one's own and its key from the vault, at {@link path}, for root alone. That the key belongs to it and that it has not
 * expired is looked at before it is installed. Its opposite takes both away. Throws `config.bad-argument`.
 */
export function own(name: string, options: OwnOptions): Revertable<DebianLike> {
  const { chain, key, reloads = ["nginx"] } = options;
  if (typeof chain === "string" && !/^-----BEGIN CERTIFICATE-----\n/m.test(chain))
    throw fail("config.bad-argument", `the chain of ${name} is not in PEM`);
  const text: Content = secretText`${chain}\n${key}\n`;
  const place = path(name);
  const made = content(place, text, { mode: "0600", validate: ["sh", "-c", tried, "certificate", "{}"] });
  const followed = reloads.reduce<Property<DebianLike>>((of, unit) => of.onChange(reloaded(unit)), made);
  return revertable(
    followed.requires(certificateFolder).requires(installed("openssl")).describe(`${name} has its own certificate`),
    absent(place).describe(`${name} has no certificate`),
  );
}

// Made beside and renamed, so that nobody reads half of it.
const signed = `umask 077
d=$(mktemp -d "$1.XXXXXX") || exit
trap 'rm -rf -- "$d"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$2" -addext "subjectAltName=$3" -keyout "$d/key" -out "$d/chain" || exit
cat "$d/chain" "$d/key" >"$d/both" && sync "$d/both" && mv -- "$d/both" "$1"`;

/**
 * There is a certificate at {@link path}, at first one that nobody trusts: so that nginx starts before the first one is issued. A certificate
 * that is there is left alone, whoever made it.
 */
export function selfSigned(name: string, more: { readonly also?: readonly string[] } = {}): Property<DebianLike> {
  const place = path(name);
  const names = [name, ...(more.also ?? [])].map((one) => `DNS:${certificateName(one)}`).join(",");
  return property(`${name} has a certificate`, {
    on: debianLike,
    about: `certificate:${name} at first`,
    detail: names,
    observe: file(place),
    plan: (seen) => (seen.kind === "file" ? [] : [["sh", "-c", signed, "certificate", place, name, names]]),
    writes: [`file:${place}`],
  })
    .requires(certificateFolder)
    .requires(installed("openssl"));
}
