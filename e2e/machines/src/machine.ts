import { randomBytes } from "node:crypto";
import { answersSsh } from "@slipway/provision/answers-ssh";
import { type Engine, engineAt } from "@slipway/provision/local/engine";
import { ensureHostImage } from "@slipway/provision/local/image";
import { removeNetwork } from "@slipway/provision/local/network";
import type { HostDistro } from "@slipway/provision/local/releases";
import { bootHost, createHost, removeHost, statusIn } from "@slipway/provision/local/start-container";
import { generateSshKey, rawKey, type SshKeyPair } from "@slipway/provision/ssh-key";

export interface MachineOptions {
  /** Host name; default `m-` and random hex. Need not be unique. */
  readonly name?: string;
  /** Default Debian 12. */
  readonly distro?: HostDistro;
  /** Image in the engine; default: the distribution's host image, built when it is missing. */
  readonly image?: string;
  readonly signal?: AbortSignal;
}

/** A throw-away Debian host with systemd and sshd. */
export interface Machine extends AsyncDisposable {
  /** Container id. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: "root";
  /** OpenSSH private key that logs in. */
  readonly privateKey: string;
  readonly hostKey: {
    readonly type: "ssh-ed25519";
    /** SHA-256 of the raw key, lower-case hex. */
    readonly sha256: string;
    /** The raw key, base64. */
    readonly raw: string;
  };
}

const deadlineMs = 60_000;

/**
 * Starts a host and resolves when sshd answers on it and systemd has started everything. Disposing removes the container and its volumes.
 * Containers carry the labels `slipway.machines=1` and `slipway.run=$SLIPWAY_RUN`, so a run that was killed can be cleared by label.
 */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const engine = engineAt();
  const image = options.image ?? (await ensureHostImage(engine, options)).name;
  const run = process.env["SLIPWAY_RUN"] ?? `${process.pid}`;
  const serial = randomBytes(4).toString("hex");
  const name = options.name ?? `m-${serial}`;
  const labels = { "slipway.machines": "1", "slipway.run": run };
  const network = `slipway-machines-${run}`;
  const login = generateSshKey("test");
  const hostKey = generateSshKey(name);
  const made = await createHost(
    engine,
    { container: `slipway-machine-${name}-${serial}`, hostname: name, image, network, networkLabels: labels, labels },
    options.signal,
  );
  const dispose = async (): Promise<void> => {
    await removeHost(engine, made.id);
    await removeNetwork(engine, network);
  };
  try {
    await bootHost(engine, made.id, { hostname: name, rootKeys: [login.publicKey], userData: userData(hostKey) });
    await started(engine, made, options.signal);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    id: made.id,
    name,
    address: made.address,
    port: 22,
    user: "root",
    privateKey: login.privateKey,
    hostKey: { type: "ssh-ed25519", sha256: hostKey.sha256, raw: rawKey(hostKey.publicKey).toString("base64") },
    [Symbol.asyncDispose]: dispose,
  };
}

const userData = (hostKey: SshKeyPair): string =>
  `#cloud-config\n${JSON.stringify({ ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey } })}`;

async function started(engine: Engine, host: { id: string; address: string }, signal?: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([AbortSignal.timeout(deadlineMs), ...(signal ? [signal] : [])]);
  // systemd answers only once its bus is there; `--wait` then waits for the end of the start.
  while (
    (await statusIn(
      engine,
      host.id,
      ["sh", "-c", "systemctl is-system-running --wait | grep -qE 'running|degraded'"],
      deadline,
    )) !== 0
  )
    await pause(50, deadline);
  while (!(await answersSsh(host.address, 22, deadline))) await pause(50, deadline);
}

const pause = (spanMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    setTimeout(resolve, spanMs);
  });
