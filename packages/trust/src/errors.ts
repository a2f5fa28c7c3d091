import { errorsOf, SlipwayError } from "@slipway/model";

/** Every error of this package. */
export const fail = errorsOf({
  "secret.missing": { exitCode: 1, hint: "Set it with: ops secrets set NAME" },
  "secret.name": { exitCode: 2, hint: "Use lower-case letters, digits, dots, dashes and underscores." },
  "secret.value": { exitCode: 2, hint: "Split it, or encode it as text, such as base64." },
  "secret.no-access": {
    exitCode: 1,
    hint: "Let somebody who reads it let you in: ops secrets recipients add NAME --key FILE",
  },
  "secret.altered": { exitCode: 5, hint: "Take the file from the repository's history, or set the secret again." },
  "vault.no-key": { exitCode: 1, hint: "Give the vault a private key that it is encrypted for." },
  "vault.no-recipients": { exitCode: 1, hint: "Add a public key as recipients/NAME.asc in the vault's folder." },
  "vault.recipient": { exitCode: 1, hint: "Replace the recipient's public key, or remove it and encrypt again." },
  "vault.tampered": {
    exitCode: 5,
    hint: "After a git merge: look at both sides, then ops secrets check --resign. Otherwise see who did it: git log -p",
  },
  "vault.rolled-back": {
    exitCode: 5,
    hint: "Pull the newest. When going back was meant, as to another branch: ops secrets check --accept",
  },
  "vault.signer": {
    exitCode: 5,
    hint: "Ask your team who changed the vault. When you are sure of it: ops secrets check --accept",
  },
  "vault.not-a-recipient": {
    exitCode: 1,
    hint: "Send your public key to somebody who reads the vault: ops secrets recipients add NAME --key FILE",
  },
  "vault.unknown-recipient": { exitCode: 2, hint: "ops secrets recipients lists them." },
  "vault.last-reader": { exitCode: 1, hint: "Name other readers with --for, or remove the secret." },
  "vault.context": { exitCode: 2, hint: "A context is a word such as prod: lower-case letters, digits and dashes." },
  "vault.busy": { exitCode: 1, hint: "Another ops is changing the vault; wait for it to end." },
  "vault.write": { exitCode: 1, hint: "Check the vault's folder, its permissions and the free space." },
  "key.missing": { exitCode: 1, hint: "Make one, or check the path." },
  "key.permissions": { exitCode: 5, hint: "Only you may read a private key: chmod 600 FILE" },
  "key.unreadable": { exitCode: 1, hint: "It must be an armored OpenPGP key (gpg --armor --export)." },
  "key.locked": { exitCode: 1, hint: "Give the right passphrase." },
  "gpg.missing": { exitCode: 1, hint: "apt-get install gnupg" },
  "gpg.failed": {
    exitCode: 1,
    hint: "Try the same by hand: gpg --sign, gpg --decrypt. Is pinentry there? export GPG_TTY=$(tty)",
  },
  "release.unverified": { exitCode: 5, hint: "Push the commit for review; CI signs what passes." },
  "release.wrong-signer": { exitCode: 5, hint: "Let CI build it, or add the signer's public key to those you trust." },
  "release.altered": { exitCode: 5, hint: "Do not deploy it. Fetch the record again, and look at who changed it." },
});

export const isCode = (error: unknown, code: string): boolean => error instanceof SlipwayError && error.code === code;
