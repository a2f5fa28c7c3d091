import { messageOf } from "@slipway/model";
import { isMap, parseDocument } from "yaml";
import { fail } from "./errors.ts";
import { refuseOtherUserData } from "./user-data-head.ts";

/** Bytes that cloud-init is given at most. */
const userDataLimit = 64 * 1024;

const script = "/var/lib/slipway-user-data";

/**
 * The user data of a new host: its own host key, known to this side before the machine exists, and the user's: `#cloud-config`, or a script
 * that begins with `#!`. Throws `config.bad-argument` for other user data, and for one with host keys of its own.
 */
export function hostUserData(
  hostKey: { readonly privateKey: string; readonly publicKey: string },
  own?: string,
): string {
  const config = {
    ...readOwn(own ?? ""),
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
  };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}

function readOwn(own: string): Readonly<Record<string, unknown>> {
  if (own.trim() === "") return {};
  if (own.startsWith("#!"))
    return { write_files: [{ path: script, permissions: "0700", content: own }], runcmd: [[script]] };
  refuseOtherUserData(own);
  const read = parseDocument(own);
  const [error] = read.errors;
  // Further lines show the user data itself, which may hold secrets.
  if (error !== undefined)
    throw fail("config.bad-argument", `the user data is no YAML: ${error.message.replace(/:?\n.*$/s, "")}`);
  if (read.contents === null) return {};
  if (!isMap(read.contents))
    throw fail("config.bad-argument", "the user data is no cloud-config: it must be a mapping");
  for (const key of ["ssh_keys", "ssh_deletekeys"])
    if (read.has(key)) throw fail("config.bad-argument", `the user data may not have ${key}: host keys are made here`);
  return read.toJS() as Record<string, unknown>;
}

/** What is wrong with a machine's user data, if anything. The key of its host is as long as that of any other. */
export function userDataProblem(machine: { readonly name: string; readonly userData?: string }): string | undefined {
  if (machine.userData === undefined) return undefined;
  const keys = {
    privateKey: "-".repeat(410 + machine.name.length * 2),
    publicKey: "-".repeat(82 + machine.name.length),
  };
  try {
    const bytes = Buffer.byteLength(hostUserData(keys, machine.userData));
    return bytes > userDataLimit ? `its user data is larger than 64 KiB (${bytes} bytes with its host key)` : undefined;
  } catch (error) {
    return messageOf(error);
  }
}
