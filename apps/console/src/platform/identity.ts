import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { generateSshKey } from "@slipway/provision/ssh-key";
import { exportGpgKey, generateKey, openVault, seenFile, type Vault, writeKeyFile } from "@slipway/trust";
import { stationSecrets } from "../station/settings.ts";
import type { LocalFolder } from "./folder.ts";
import type { Project } from "./load.ts";

/** Who works here: the keys of this machine's operator, and the vault that they open. */
export interface Identity {
  readonly ssh: { readonly privateKey: string; readonly publicKey: string };
  readonly vault: Vault;
}

const missing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

async function readOr<T>(read: Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!missing(error)) throw error;
    return otherwise();
  }
}

/**
 * The operator's SSH key and OpenPGP key, and the vault for the latter; what is not there is made and said. A key that is there is never
 * replaced.
 */
export async function ensureIdentity(
  project: Project,
  folder: LocalFolder,
  say: (line: string) => void,
  context = project.platform.context,
): Promise<Identity> {
  await mkdir(folder.keys, { recursive: true, mode: 0o700 });
  await chmod(folder.keys, 0o700);
  const ssh = await readOr(
    readFile(folder.operatorKey, "utf8").then(async (privateKey) => ({
      privateKey,
      publicKey: (await readFile(`${folder.operatorKey}.pub`, "utf8")).trim(),
    })),
    async () => {
      const made = generateSshKey("slipway operator");
      // The public half first: with a private one the pair is complete.
      await writeFile(`${folder.operatorKey}.pub`, `${made.publicKey}\n`, { mode: 0o644 });
      await writeKeyFile(folder.operatorKey, made.privateKey);
      say(`made an SSH key for you: ${folder.operatorKey}`);
      return made;
    },
  );
  return { ssh, vault: await ensureVault(project, folder, say, context) };
}

/** Names a key of gpg's keyring; then no OpenPGP key is made, and its agent asks for what it needs. */
export const gpgVariable = "SLIPWAY_GPG_KEY";

async function ensureVault(
  project: Project,
  folder: LocalFolder,
  say: (line: string) => void,
  context: string | undefined,
): Promise<Vault> {
  const gpg = process.env[gpgVariable] ?? "";
  const keyFile = join(folder.keys, "operator.asc");
  const vault = await openVault({
    dir: resolve(project.root, project.platform.vault ?? "secrets"),
    key: gpg === "" ? { file: keyFile } : { gpg },
    seen: seenFile(folder.vaultSeen),
    say,
    ...(context === undefined ? {} : { context }),
  });
  const publicFile = join(folder.keys, "operator.pub.asc");
  if (gpg === "") {
    await readOr(readFile(keyFile), async () => {
      const made = await generateKey({ name: "Slipway operator", email: "operator@localhost" });
      await writeFile(publicFile, made.publicKey);
      await writeKeyFile(keyFile, made.privateKey);
      say(`made an OpenPGP key for you: ${keyFile}`);
      return Buffer.from(made.privateKey);
    });
  }
  // Nobody can read a vault yet: its first recipient is who works here. Into a team's vault somebody of the team lets you.
  if (await vault.fresh())
    await vault.addRecipient("operator", gpg === "" ? await readFile(publicFile, "utf8") : await exportGpgKey({ gpg }));
  return vault;
}

interface OwnSecret {
  readonly name: string;
  /** A value, and the public half that anybody may read. */
  readonly make: () => Promise<{ readonly value: string; readonly publicHalf?: string }>;
}

const sshKey = (name: string, comment: string): OwnSecret => ({
  name,
  make: async () => {
    const made = generateSshKey(comment);
    return { value: made.privateKey, publicHalf: `${made.publicKey}\n` };
  },
});

/** Secrets that Slipway itself needs for a platform. */
function ownSecrets(project: Project): readonly OwnSecret[] {
  const { platform } = project;
  const wanted: OwnSecret[] = [];
  if (platform.ci !== undefined) {
    wanted.push(sshKey(stationSecrets.ciKey, `slipway ci of ${platform.name}`), {
      name: stationSecrets.signingKey,
      make: async () => {
        const made = await generateKey({
          name: `Slipway CI of ${platform.name}`,
          email: `ci@${platform.name}.invalid`,
        });
        return { value: made.privateKey, publicHalf: made.publicKey };
      },
    });
  }
  if (platform.monitor !== undefined) {
    wanted.push(sshKey(stationSecrets.monitorKey, `slipway monitor of ${platform.name}`));
    const { receiver, watches } = platform.monitor;
    const [channel] = watches.spec.tell;
    if (receiver !== undefined && channel !== undefined) {
      wanted.push({
        name: channel.config.url.secret,
        make: async () => ({ value: `http://127.0.0.1:${receiver}/services/demo` }),
      });
    }
  }
  return wanted;
}

/** Makes the secrets that Slipway itself needs and that the vault does not have. Gives how many were made. */
export async function ensureOwnSecrets(
  project: Project,
  identity: Identity,
  say: (line: string) => void,
): Promise<number> {
  const there = new Set(await identity.vault.list());
  let made = 0;
  for (const own of ownSecrets(project)) {
    if (there.has(own.name)) continue;
    await setOwn(identity.vault, own);
    say(`made the secret ${own.name}`);
    made += 1;
  }
  return made;
}

async function setOwn(vault: Vault, own: OwnSecret): Promise<void> {
  const { value, publicHalf } = await own.make();
  await vault.set(own.name, value, publicHalf === undefined ? {} : { publicHalf });
}

/** Names of the secrets that Slipway itself makes for a platform. */
export const ownSecretNames = (project: Project): readonly string[] => ownSecrets(project).map(({ name }) => name);

/** Gives one of Slipway's own secrets a new value. False for a name that is none of them. */
export async function renewOwnSecret(project: Project, vault: Vault, name: string): Promise<boolean> {
  const own = ownSecrets(project).find((one) => one.name === name);
  if (own !== undefined) await setOwn(vault, own);
  return own !== undefined;
}

/** The public half of a key in the vault. */
export const publicHalf = async (identity: Identity, name: string): Promise<string> =>
  (await identity.vault.publicHalf(name)).trim();
