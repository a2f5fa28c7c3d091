import { fail } from "./errors.ts";

/** What plain `ssh` has to know of a host; a machine of a stack fits. */
export interface SshHost {
  readonly name: string;
  /** Other names that it goes by. */
  readonly aliases?: readonly string[];
  /** Empty while it is not known. */
  readonly address: string;
  /** Default 22. */
  readonly port?: number;
  /** Default root. */
  readonly user?: string;
  /** Pinned host keys as `ssh-ed25519 AAAA…`. */
  readonly hostPublicKeys: readonly string[];
}

const reachable = (hosts: readonly SshHost[]): readonly SshHost[] =>
  hosts.filter((host) => host.address !== "" && host.hostPublicKeys.length > 0);

const portOf = ({ port }: SshHost): number => port ?? 22;

/** How known_hosts writes an address; the usual port goes without saying. */
const place = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** Type and key without a comment. */
const bare = (key: string): string => key.trim().split(/\s+/).slice(0, 2).join(" ");

/** Text of a known_hosts file with the pinned keys, under name and address. */
export const knownHosts = (hosts: readonly SshHost[]): string =>
  reachable(hosts)
    .flatMap((host) =>
      host.hostPublicKeys.map((key) => `${host.name},${place(host.address, portOf(host))} ${bare(key)}\n`),
    )
    .join("");

/** Writes a path for ssh_config, where `%` begins a token and so stands twice. Throws `config.bad-argument` for one that cannot be written there. */
function word(path: string): string {
  // ssh knows no way to write a `${` that it does not take for a variable of its environment.
  if (/[\r\n\0]|\$\{/.test(path))
    throw fail("config.bad-argument", `ssh cannot be told of the path ${JSON.stringify(path)}`, {
      hint: "use a folder without line breaks and ${ in its path",
    });
  const text = path.replaceAll("%", "%%");
  return /[\s"'\\#]/.test(text) ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : text;
}

/** Signature algorithms of a key: an RSA key no longer signs by the name of its type. */
const algorithms = (key: string): string => {
  const [type = ""] = key.trim().split(/\s+/);
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
};

/** Text of an ssh_config, for `ssh -F FILE HOST`: pinned host keys only, and only the operator's key. */
export const sshConfig = (
  hosts: readonly SshHost[],
  files: {
    readonly identity: string;
    readonly knownHosts: string;
    /** Which names hosts go by. Default: their own and their aliases. */
    readonly names?: "aliases";
  },
): string =>
  reachable(hosts)
    .map((host) =>
      [
        `Host ${[...(files.names === "aliases" ? [] : [host.name]), ...(host.aliases ?? [])].join(" ")}`,
        `  HostName ${host.address}`,
        // The key is the host's, whatever name or address it is called by.
        `  HostKeyAlias ${host.name}`,
        ...(portOf(host) === 22 ? [] : [`  Port ${portOf(host)}`]),
        `  User ${host.user ?? "root"}`,
        `  IdentityFile ${word(files.identity)}`,
        "  IdentitiesOnly yes",
        `  UserKnownHostsFile ${word(files.knownHosts)}`,
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        `  HostKeyAlgorithms ${[...new Set(host.hostPublicKeys.map(algorithms))].join(",")}`,
        "  UpdateHostKeys no",
        "",
      ].join("\n"),
    )
    .join("\n");
