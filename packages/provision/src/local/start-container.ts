import { type HostLimits, hostContainer } from "./container.ts";
import { type Engine, hasStatus } from "./engine.ts";
import { hasGateway } from "./gateway-files.ts";
import { gatewayAddress, holdingOf, nameservers, withAddress } from "./network.ts";
import { cloudLabel } from "./store.ts";
import { type TarFile, tar } from "./tar.ts";
import { finalScript, initScript, readUserData } from "./user-data.ts";

export interface NewHost {
  readonly container: string;
  readonly hostname: string;
  readonly image: string;
  readonly network: string;
  readonly networkLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits?: HostLimits;
  /** An address that a container with labels that hold it has already; default: one that is free. */
  readonly address?: string;
}

/** Creates the container of a host, stopped, with an address of its own. */
export async function createHost(
  engine: Engine,
  host: NewHost,
  signal?: AbortSignal,
): Promise<{ id: string; address: string }> {
  const servers = await nameservers();
  const served = cloudLabel in host.networkLabels && (await hasGateway(engine));
  const create = async (
    address: string,
    holding: Readonly<Record<string, string>>,
  ): Promise<{ id: string; address: string }> => {
    const labels = { ...host.labels, ...holding };
    const gateway = served ? { gateway: gatewayAddress(address) } : {};
    const body = hostContainer({ ...host, ...gateway, address, nameservers: servers, labels });
    const made = await engine.call("POST", "/containers/create", {
      query: { name: host.container },
      body,
      ...(signal && { signal }),
    });
    return { id: (made.json() as { Id: string }).Id, address };
  };
  if (host.address !== undefined) return create(host.address, holdingOf(host.network, host.address));
  return withAddress(engine, host.network, host.networkLabels, create, signal);
}

export interface FirstBoot {
  readonly hostname: string;
  readonly rootKeys: readonly string[];
  readonly userData: string;
  /** What else it finds. */
  readonly files?: readonly TarFile[];
  /** The disk was another machine's: what made it that one is removed. */
  readonly anew?: boolean;
  /** How long sshd is kept from starting. */
  readonly sshLateMs?: number;
}

/** Gives a created host its user data and starts it. May be repeated until it ran once. */
export async function bootHost(engine: Engine, id: string, first: FirstBoot): Promise<void> {
  const config = await readUserData(first.userData);
  const folder = "/var/lib/cloud/instance";
  const files = tar([
    { path: `${folder}/user-data.txt`, content: first.userData, mode: 0o600 },
    { path: `${folder}/init.sh`, content: `${late(first)}${initScript(config, first)}`, mode: 0o600 },
    { path: `${folder}/final.sh`, content: finalScript(config), mode: 0o600 },
    ...(first.anew === true ? [{ path: "/var/lib/slipway/anew", content: "" }] : []),
    ...(first.files ?? []),
  ]);
  await engine.call("PUT", `/containers/${id}/archive`, { query: { path: "/" }, body: files });
  await engine.call("POST", `/containers/${id}/start`);
}

const late = ({ sshLateMs = 0 }: FirstBoot): string => (sshLateMs > 0 ? `sleep ${sshLateMs / 1_000}\n` : "");

/** Removes a host's container with its volumes; gone already is as good. */
export async function removeHost(engine: Engine, id: string): Promise<void> {
  try {
    await engine.call("DELETE", `/containers/${id}`, { query: { force: true, v: true }, accept: [404] });
  } catch (error) {
    // Somebody else removes it at this moment.
    if (!hasStatus(error, 409)) throw error;
  }
}

/** Runs a command in a host's container and gives its exit status; its output is thrown away. */
export async function statusIn(
  engine: Engine,
  id: string,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const more = signal && { signal };
  const made = await engine.call("POST", `/containers/${id}/exec`, {
    body: { Cmd: command, AttachStdout: true, AttachStderr: true },
    ...more,
  });
  const exec = (made.json() as { Id: string }).Id;
  await engine.call("POST", `/exec/${exec}/start`, { body: { Detach: false, Tty: false }, ...more });
  return ((await engine.call("GET", `/exec/${exec}/json`, { ...more })).json() as { ExitCode: number }).ExitCode;
}
