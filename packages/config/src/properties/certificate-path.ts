import type { Os, Property } from "@slipway/model";
import { fail } from "../errors.ts";
import { checkedName } from "../text/names.ts";
import { directory } from "./file.ts";

const folder = "/etc/slipway/certificates";

/** Only root looks into it. */
export const certificateFolder: Property<Os> = directory(folder, { mode: "0700" });

/**
 * Where the certificate of this name is, whoever made it: the chain and its key in one file, so that they change together. For nginx it is
 * both `ssl_certificate` and `ssl_certificate_key`.
 */
export const path = (name: string): string => `${folder}/${certificateName(name)}.pem`;

/** Throws `config.bad-argument`. */
export function certificateName(name: string): string {
  const plain = checkedName(name);
  if (!plain.includes(".")) throw fail("config.bad-argument", `"${name}" is not a full name such as www.example.org`);
  return plain;
}
