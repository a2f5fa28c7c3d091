import { type Command, InvalidArgumentError } from "commander";
import type { Building } from "./building.ts";

const leastBytes = 16;
const mostBytes = 1_024;
const bytes = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < leastBytes || value > mostBytes)
    throw new InvalidArgumentError(`a whole number of bytes from ${leastBytes} to ${mostBytes}`);
  return value;
};
const defaultBytes = 32;

const word = <K extends string>(own: Record<string, unknown>, key: K): { [P in K]?: string } => {
  const value = own[key];
  return (typeof value === "string" ? { [key]: value } : {}) as { [P in K]?: string };
};
const size = (own: Record<string, unknown>): { generateBytes?: number } => {
  if (typeof own.generate === "number") return { generateBytes: own.generate };
  return own.generate === true ? { generateBytes: defaultBytes } : {};
};
const readers = (own: Record<string, unknown>): { for?: readonly string[] } =>
  Array.isArray(own.for) ? { for: own.for as readonly string[] } : {};

/** `ops secrets …`. */
export function addSecrets(program: Command, { verb, sub, list }: Building): void {
  const secrets = sub(program, "secrets", "the vault: values encrypted by OpenPGP in the repository");
  const inContext = (command: Command): Command =>
    command.option("--context <context>", "the value of this context, such as prod (default: that of ops.config.ts)");
  const forSome = (command: Command): Command =>
    command.option("--for <recipients>", "only for these recipients, by comma; all: for everybody again", list);
  const generated = (command: Command): Command =>
    command.option("--generate [bytes]", `a random value of so many bytes (default: ${defaultBytes})`, bytes);

  verb(
    generated(forSome(inContext(sub(secrets, "set <name>", "set a secret: asked for, from standard input, or made")))),
    async () => (await import("../verbs/secrets/values.ts")).setSecret,
    (own, args) => ({ name: args[0] ?? "", ...size(own), ...readers(own), ...word(own, "context") }),
  );
  verb(
    inContext(sub(secrets, "get <name>", "print a secret's value")),
    async () => (await import("../verbs/secrets/values.ts")).getSecret,
    (own, args) => ({ name: args[0] ?? "", ...word(own, "context") }),
  );
  verb(
    inContext(
      sub(secrets, "list", "list the secrets, who reads them, and which of those that ops.config.ts uses are missing"),
    ),
    async () => (await import("../verbs/secrets/list.ts")).listSecrets,
    (own) => word(own, "context"),
  );
  verb(
    inContext(sub(secrets, "edit <name>", "change a secret in your $EDITOR; the file lies in memory only")).option(
      "--on-disk",
      "where no file system is in memory, use the disk",
      false,
    ),
    async () => (await import("../verbs/secrets/edit.ts")).editSecret,
    (own, args) => ({ name: args[0] ?? "", onDisk: own.onDisk === true, ...word(own, "context") }),
  );
  verb(
    generated(
      forSome(
        inContext(
          sub(secrets, "rotate [names...]", "give secrets new values: asked for, from standard input, or made"),
        ),
      ).option("--reencrypt", "keep the values and encrypt them anew, all or those named", false),
    ).addHelpText(
      "after",
      "\nExamples:\n  ops secrets rotate shop.session-key --generate\n  ops secrets rotate pager.webhook < file\n  ops secrets rotate --reencrypt",
    ),
    async () => (await import("../verbs/secrets/rotate.ts")).rotateSecrets,
    (own, args) => ({
      names: args,
      reencrypt: own.reencrypt === true,
      ...size(own),
      ...readers(own),
      ...word(own, "context"),
    }),
  );
  verb(
    inContext(sub(secrets, "remove <name>", "take a secret out of the vault")),
    async () => (await import("../verbs/secrets/values.ts")).removeSecret,
    (own, args) => ({ name: args[0] ?? "", ...word(own, "context") }),
  );

  const load = (): Promise<typeof import("../verbs/secrets/recipients.ts")> => import("../verbs/secrets/recipients.ts");
  const recipients = sub(secrets, "recipients", "who reads the vault and may change it; alone: list them");
  verb(
    recipients,
    async () => (await load()).listRecipients,
    () => ({}),
  );
  verb(
    sub(recipients, "list", "list the recipients and the fingerprints of their keys"),
    async () => (await load()).listRecipients,
    () => ({}),
  );
  verb(
    sub(recipients, "add <name>", "let somebody read what is for all")
      .option("--key <file>", "a file with the armored public key")
      .option("--gpg <key>", "a key of gpg's keyring"),
    async () => (await load()).addRecipient,
    (own, args) => ({ name: args[0] ?? "", ...word(own, "key"), ...word(own, "gpg") }),
  );
  verb(
    sub(recipients, "remove <name>", "encrypt everything anew without somebody's key"),
    async () => (await load()).removeRecipient,
    (_, args) => ({ name: args[0] ?? "" }),
  );

  verb(
    inContext(
      sub(
        secrets,
        "check",
        "verify the whole vault: signature, files, keys, what is missing; exit 5 when it was tampered with",
      ),
    )
      .option(
        "--resign",
        "sign the folder as it is now, after a look: after a merge, or when it was never signed",
        false,
      )
      .option("--accept", "believe the vault as it is now, after a look: when going back was meant", false),
    async () => (await import("../verbs/secrets/check.ts")).checkSecrets,
    (own) => ({ resign: own.resign === true, accept: own.accept === true, ...word(own, "context") }),
  );
}
