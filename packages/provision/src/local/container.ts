import { runLabel } from "./run-label.ts";

export interface HostContainer {
  /** The container's name in the engine. */
  readonly container: string;
  readonly hostname: string;
  readonly image: string;
  readonly network: string;
  /** Fixed address on that network. */
  readonly address: string;
  readonly nameservers: readonly string[];
  /** Address of the cloud's own machine, which resolves names and tells metadata. */
  readonly gateway?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the machine's size; without them it may use all that the engine's machine has. */
  readonly limits?: HostLimits;
}

export interface HostLimits {
  /** Megabytes. */
  readonly memory: number;
  readonly vcpus: number;
}

const periodUs = 100_000;

/**
 * Limits as the engine wants them. There is no swap beyond them, as on a new machine. The processors are a quota, because the engine refuses to
 * promise more of them than it has.
 */
export const engineLimits = ({ memory, vcpus }: HostLimits): object => ({
  Memory: memory * 1_048_576,
  MemorySwap: memory * 1_048_576,
  CpuPeriod: periodUs,
  CpuQuota: vcpus * periodUs,
});

/**
 * The body that makes the engine create a container which behaves as a machine: systemd, sshd, its own nested Docker engine. Not
 * `--privileged`: that fails where the engine's machine lacks a capability itself. The namespace of control groups is private, so whatever the
 * host makes in them goes with it.
 */
export const hostContainer = (host: HostContainer): object => ({
  Image: host.image,
  Hostname: host.hostname,
  Cmd: ["/usr/lib/slipway/boot"],
  Env: [
    "container=docker",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `SLIPWAY_NAMESERVERS=${host.nameservers.join(" ")}`,
    `SLIPWAY_GATEWAY=${host.gateway ?? ""}`,
  ],
  StopSignal: "SIGRTMIN+3",
  StopTimeout: 20,
  Labels: { ...host.labels, ...runLabel() },
  HostConfig: {
    CapAdd: ["SYS_ADMIN", "NET_ADMIN"],
    SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
    CgroupnsMode: "private",
    // Disks of volumes: loop devices, which come and go while the machine runs.
    DeviceCgroupRules: ["b 7:* rwm"],
    Tmpfs: { "/run": "exec,mode=755", "/run/lock": "", "/tmp": "exec,mode=1777" },
    // Kernel settings under /proc/sys are a machine's to change. Those of no namespace are the outer machine's, and what is closed here is so
    // against accidents: root here, who may mount, can open it again. core_pattern names what the outer machine runs as root when a program crashes.
    MaskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
    ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"],
    RestartPolicy: { Name: "on-failure" },
    LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
    NetworkMode: host.network,
    // Of its own and nameless, so that it goes with the container; not in the configuration, so that no image of the container asks for it.
    Mounts: [{ Type: "volume", Target: "/var/lib/docker" }],
    ...(host.limits && engineLimits(host.limits)),
  },
  NetworkingConfig: { EndpointsConfig: { [host.network]: { IPAMConfig: { IPv4Address: host.address } } } },
});
