import { file, git, user } from "@slipway/config";
import { all, type Host, type Property, Secret } from "@slipway/model";
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

/** A host with what the platform adds to it: who may log in, its repositories, the files of its stations. Pure. */
export function effective(host: Host, more: Additions): Host {
  const added: readonly Property<"debian" | "ubuntu", string>[] = [
    user.authorizedKeys("root", more.rootKeys),
    ...(more.git === undefined
      ? []
      : [git.server({ repositories: more.git.repositories, authorizedKeys: more.git.keys })]),
    ...stationFiles(more.stations),
  ];
  return { ...host, has: [...host.has, ...added] };
}
