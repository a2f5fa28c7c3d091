import { file, git, user } from "@slipway/config";
import { all, debianLike, type Host, type Property, property, Secret } from "@slipway/model";
import { stationPaths } from "../station/settings.ts";

/** What a host runs besides what ops.config.ts says of it. */
export interface StationFiles {
  readonly role: string;
  /** Written as JSON to the role's settings file. */
  readonly settings: unknown;
  /** Names of the secrets it needs as files. */
  readonly secrets: readonly string[];
}

export interface Additions {
  /** Public keys that may log in as root. */
  readonly rootKeys: readonly string[];
  readonly git?: { readonly repositories: readonly string[]; readonly keys: readonly string[] };
  readonly stations: readonly StationFiles[];
}

const rootOnly = { mode: "0700", owner: "root" } as const;

const stationFiles = (stations: readonly StationFiles[]): readonly Property<"debian" | "ubuntu">[] => {
  if (stations.length === 0) return [];
  const names = [...new Set(stations.flatMap((station) => station.secrets))];
  return [
    all("Slipway's own files", [
      file.directory(stationPaths.secrets, rootOnly),
      ...stations.map(({ role, settings }) =>
        file.content(stationPaths.settings(role), `${JSON.stringify(settings, undefined, 2)}\n`, { mode: "0600" }),
      ),
      ...names.map((name) => file.content(stationPaths.secret(name), new Secret(name), { mode: "0400" })),
    ]),
  ];
};

const rootKeysFile = "/root/.ssh/authorized_keys";
const appending = 'umask 077 && mkdir -p /root/.ssh && printf "%s\\n" "$1" >>/root/.ssh/authorized_keys';

/** One more key, whatever keys others have put there. */
const keyAdded = (key: string): Property<"debian" | "ubuntu"> =>
  property(`root may also log in as ${key.trim().split(" ").slice(2).join(" ") || "the platform"}`, {
    on: debianLike,
    about: `key of root ${key}`,
    observe: {
      read: ["cat", rootKeysFile],
      reads: [`file:${rootKeysFile}`],
      parse: (stdout) => stdout.split("\n").includes(key.trim()),
    },
    plan: (there) => (there ? [] : [["sh", "-c", appending, "sh", key.trim()]]),
    writes: [`file:${rootKeysFile}`],
  });

/** A machine that Slipway made has exactly the platform's keys; one that was there keeps its own; to the others nobody logs in by SSH. */
function rootLogin(host: Host, keys: readonly string[]): readonly Property<"debian" | "ubuntu">[] {
  if (host.on.provider === "container" || host.on.provider === "local") return [];
  return host.on.provider === "existing" ? keys.map(keyAdded) : [user.authorizedKeys("root", keys)];
}

/** A host with what the platform adds to it: who may log in, its repositories, the files of its stations. Pure. */
export function effective(host: Host, more: Additions): Host {
  const added: readonly Property<"debian" | "ubuntu", string>[] = [
    ...rootLogin(host, more.rootKeys),
    ...(more.git === undefined
      ? []
      : [git.server({ repositories: more.git.repositories, authorizedKeys: more.git.keys })]),
    ...stationFiles(more.stations),
  ];
  return { ...host, has: [...host.has, ...added] };
}
