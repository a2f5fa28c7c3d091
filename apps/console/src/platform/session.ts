import { mkdir } from "node:fs/promises";
import { container, local, ssh } from "@slipway/connection";
import { localDocker } from "@slipway/connection/docker";
import { lockFile } from "@slipway/journal";
import type { Connection, Host } from "@slipway/model";
import { listMachines, type MachineInfo, type OpenCloud, openCloud } from "@slipway/provision";
import type { Vault } from "@slipway/trust";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { endpoint } from "./endpoint.ts";
import { type LocalFolder, localFolder } from "./folder.ts";
import { ensureIdentity, ensureOwnSecrets, type Identity } from "./identity.ts";
import { loadProject, type Project } from "./load.ts";
import { sshHosts, writeSshFiles } from "./ssh-files.ts";
import { addressOf } from "./surroundings.ts";
import { containerOf, isMade } from "./targets.ts";

/** What the verbs work with: the platform, its machines, and connections to them. Dispose it at the end. */
export interface Session extends AsyncDisposable {
  readonly project: Project;
  readonly folder: LocalFolder;
  readonly identity: Identity;
  cloud(): Promise<OpenCloud>;
  /** The platform's machines as the cloud tells of them; read once, again after `forget`. */
  machines(): Promise<readonly MachineInfo[]>;
  forget(): void;
  /** A connection to a host, one for the session. Throws `ops.not-provisioned` when its machine does not exist. */
  connect(host: string): Promise<Connection>;
  /** As `connect`, but a new one that is the caller's to dispose. */
  open(host: string): Promise<Connection>;
  host(name: string): Host;
}

/** A first login may meet a machine that boots. */
const bootMs = 30_000;
/** Making keys takes a second. */
const lockMs = 20_000;

/** One at a time: two first commands at once would each make keys, and a vault for keys that the other replaced. */
async function makeOnce(
  project: Project,
  folder: LocalFolder,
  { out, signal, clock }: Context,
  { own, vaultContext }: { readonly own: boolean; readonly vaultContext?: string },
): Promise<Identity> {
  const say = (line: string): void => out.mark("note", line);
  await mkdir(folder.root, { recursive: true });
  using _lock = await lockFile(folder.lock, { waitMs: lockMs, signal, clock });
  const identity = await ensureIdentity(project, folder, say, vaultContext);
  out.hide(identity.vault.revealed);
  if (own) await ensureOwnSecrets(project, identity, say);
  return identity;
}

/** The project and its vault, for verbs that need no machine and must work with a vault that is not in order. */
export interface VaultRoom {
  readonly project: Project;
  readonly folder: LocalFolder;
  readonly vault: Vault;
}

export async function openVaultRoom(context: Context, vaultContext?: string): Promise<VaultRoom> {
  const project = await loadProject(context);
  const folder = localFolder(project.local, project.platform);
  const more = vaultContext === undefined ? {} : { vaultContext };
  const { vault } = await makeOnce(project, folder, context, { own: false, ...more });
  return { project, folder, vault };
}

export async function openSession(context: Context): Promise<Session> {
  const { out, signal, clock } = context;
  const project = await loadProject(context);
  const folder = localFolder(project.local, project.platform);
  const say = (line: string): void => out.mark("note", line);
  const identity = await makeOnce(project, folder, context, { own: true });
  const { platform } = project;

  let cloud: Promise<OpenCloud> | undefined;
  let machines: Promise<readonly MachineInfo[]> | undefined;
  const connections = new Map<string, Promise<Connection>>();
  const session: Session = {
    project,
    folder,
    identity,
    cloud: () =>
      (cloud ??= openCloud(platform.hosts, {
        name: platform.name,
        cloud: platform.family,
        ...(platform.hosts.some(({ on }) => isMade(on) && on.spec.cloud !== "local") ? endpoint(process.env, out) : {}),
        secrets: identity.vault,
        clock,
        signal,
        onProgress: say,
      })),
    machines: () => {
      machines ??= (async () => {
        if (!platform.hosts.some((host) => isMade(host.on))) return [];
        const seen = await listMachines((await session.cloud()).provider);
        await writeSshFiles(folder, sshHosts(platform, seen));
        return seen;
      })();
      return machines;
    },
    forget: () => {
      machines = undefined;
    },
    connect: async (host) => {
      const before = connections.get(host);
      if (before !== undefined && (await before.catch(() => undefined))?.open === true) return before;
      const opening = session.open(host);
      connections.set(host, opening);
      return opening;
    },
    open: async (name) => {
      const host = session.host(name);
      if (host.on.provider === "local") return local();
      const inside = containerOf(host.on);
      if (inside !== undefined) return container(await localDocker(), inside);
      const address = addressOf(host, isMade(host.on) ? await session.machines() : []);
      if (address === undefined) throw fail("ops.not-provisioned", `the machine of ${name} does not exist`);
      const sudo = address.user !== "root";
      return await ssh(address, { privateKey: identity.ssh.privateKey }, { signal, waitMs: bootMs, clock, sudo });
    },
    host: (name) => {
      const found = platform.hosts.find((one) => one.name === name);
      if (found === undefined)
        throw fail(
          "ops.unknown-host",
          `there is no host ${name}; known: ${platform.hosts.map((one) => one.name).join(", ")}`,
        );
      return found;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...connections.values()].map(async (one) => (await one)[Symbol.asyncDispose]()));
      await (await cloud?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
  return session;
}
