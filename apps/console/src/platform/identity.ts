import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { generateSshKey } from "@slipway/provision/ssh-key";
import { generateKey, openVault, type Vault, writeKeyFile } from "@slipway/trust";
import { stationSecrets } from "../station/settings.ts";
import type { LocalFolder } from "./folder.ts";
import type { Project } from "./load.ts";

/** Who works here: the keys of this machine's operator, and the vault that they open. */
export interface Identity {
  readonly ssh: { readonly privateKey: string; readonly publicKey: string };
  readonly vault: Vault;
  /** Folder with the public halves of keys whose private ones are in the vault. */
  readonly publicFolder: string;
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
  const keyFile = join(folder.keys, "operator.asc");
  const dir = resolve(project.root, project.platform.vault ?? "secrets");
  const vault = await openVault({ dir, key: { file: keyFile } });
  const publicFile = join(folder.keys, "operator.pub.asc");
  await readOr(readFile(keyFile), async () => {
    const made = await generateKey({ name: "Slipway operator", email: "operator@localhost" });
    await writeFile(publicFile, made.publicKey);
    await writeKeyFile(keyFile, made.privateKey);
    say(`made an OpenPGP key for you: ${keyFile}`);
    return Buffer.from(made.privateKey);
  });
  // Nobody can read a vault yet: its first recipient is who works here. Into a team's vault somebody of the team lets you.
  if ((await vault.list()).length === 0) await vault.addRecipient("operator", await readFile(publicFile, "utf8"));
  return { ssh, vault, publicFolder: join(dir, "public") };
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

const publicFile = (identity: Identity, name: string): string => join(identity.publicFolder, name);

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
    const { value, publicHalf } = await own.make();
    if (publicHalf !== undefined) {
      await mkdir(identity.publicFolder, { recursive: true });
      await writeFile(publicFile(identity, own.name), publicHalf);
    }
    // Last: a secret that is there is complete.
    await identity.vault.set(own.name, value);
    say(`made the secret ${own.name}`);
    made += 1;
  }
  return made;
}

/** The public half of a key in the vault. */
export const publicHalf = async (identity: Identity, name: string): Promise<string> =>
  (await readFile(publicFile(identity, name), "utf8")).trim();
