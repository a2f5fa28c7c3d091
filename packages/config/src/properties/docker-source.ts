import {
  type DebianLike,
  debianLike,
  derived,
  type HostInfo,
  type Property,
  property,
  type Revertable,
  revertable,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { file } from "../facts/files.ts";
import { packages } from "../facts/packages.ts";
import * as apt from "./apt.ts";
import { absent, content } from "./file.ts";

/** Debian's own packages of the engine; from Debian 13 on the command is a package of its own. */
export const ofDebian = ({ os, version }: Pick<HostInfo, "os" | "version">): readonly string[] =>
  os === "debian" && Number.parseInt(version, 10) >= 13 ? ["docker.io", "docker-cli"] : ["docker.io"];
export const ofDocker = [
  "docker-ce",
  "docker-ce-cli",
  "containerd.io",
  "docker-buildx-plugin",
  "docker-compose-plugin",
] as const;

/** What docker.com's packages cannot stand beside, of Debian and Ubuntu; they do not all say so themselves. */
export const besideDocker = [
  "docker.io",
  "docker-cli",
  "docker-doc",
  "docker-compose",
  "docker-compose-v2",
  "docker-buildx",
  "podman-docker",
  "containerd",
  "runc",
] as const;

/** The packages of one engine, without others; another one on the same host contradicts it. */
export function engine(title: string, names: readonly string[], without: readonly string[] = []): Property<DebianLike> {
  // apt takes away what ends with a minus, in the same go.
  const missing = (seen: ReadonlyMap<string, string>): readonly string[] => [
    ...names.filter((name) => !seen.has(name)),
    ...without.filter((name) => seen.has(name)).map((name) => `${name}-`),
  ];
  return property(title, {
    on: debianLike,
    about: "docker engine",
    detail: names,
    observe: packages(...names, ...without),
    plan: (seen) => (missing(seen).length === 0 ? [] : apt.install(missing(seen))),
    bulk: { kind: "apt", subjects: missing, plan: apt.install },
  });
}

const sourceFile = "/etc/apt/sources.list.d/docker.sources";
const keyFile = "/etc/apt/keyrings/docker.asc";
const pinFile = "/etc/apt/preferences.d/slipway-docker";

/** A repository with Docker's packages that is laid out as docker.com's is. */
export interface DockerRepository {
  /** Below it are `dists` and `pool`, e.g. `https://mirror.example.org/docker/linux/debian`. */
  readonly url: `http${"s" | ""}://${string}` | `file:${string}`;
  /** Public OpenPGP key that signs it, ASCII-armoured. */
  readonly key: string;
}

// The key as download.docker.com has it for both Debian and Ubuntu: 9DC8 5822 9FC7 DD38 854A E2D8 8D81 803C 0EBF CD88.
const keySha256 = "1500c1f56fa9e26b9b8f42452a553675796ade0807cdce11975eb98170b3a570";

/** apt fetches docker.com's key and refuses another than the one known here. */
function fetchedKey(os: HostInfo["os"]): Property<DebianLike> {
  const fetch = `set -e
t=$(mktemp -d -p /etc/apt)
trap 'rm -rf "$t"' EXIT
chown _apt "$t"
cd "$t"
/usr/lib/apt/apt-helper download-file "$1" "$t/key" "SHA256:$2"
install -D -m 0644 "$t/key" "$3"`;
  return property("docker.com's key is known", {
    on: debianLike,
    about: `file:${keyFile}`,
    observe: file(keyFile, keySha256),
    plan: (seen) =>
      seen.kind === "file" && seen.sha256 === keySha256
        ? []
        : [["sh", "-c", fetch, "sh", `https://download.docker.com/linux/${os}/gpg`, keySha256, keyFile]],
    writes: [`file:${keyFile}`],
    revert: {
      title: "docker.com's key is not known",
      plan: (seen) => (seen.kind === "absent" ? [] : [{ remove: keyFile }]),
    },
  }).requires(apt.installed("ca-certificates"));
}

const suites: Readonly<Record<string, string>> = { "12": "bookworm", "13": "trixie", "24.04": "noble" };

/** Docker's packages come from docker.com, or from a repository of that shape. */
export function source(from: "docker.com" | DockerRepository): Property<DebianLike> {
  if (from !== "docker.com") apt.source("docker", { uris: from.url, suites: "stable", key: from.key });
  return derived("docker's packages have a source", debianLike, ({ self }) => {
    const suite = suites[self.version] ?? self.version;
    if (from !== "docker.com")
      return apt.source("docker", { uris: from.url, suites: suite, components: "stable", key: from.key });
    const url = `https://download.docker.com/linux/${self.os}`;
    const text = `Types: deb\nURIs: ${url}\nSuites: ${suite}\nComponents: stable\nSigned-By: ${keyFile}\n`;
    return content(sourceFile, text).requires(fetchedKey(self.os)).onChange(apt.listsUpdated);
  });
}

const stanza = (names: string, version: string): string =>
  `Package: ${names}\nPin: version ${version}\nPin-Priority: 1001\n`;

/** `5:27.3.1-1~debian.12~bookworm` and `20.10.24+dfsg1-1` → what Docker calls them. */
const upstream = (version: string): string => version.replace(/^\d+:/, "").replace(/[-+~].*$/, "");

/**
 * Docker, once it is there, has this version, such as `27.3.1`, and no upgrade of the host's packages changes it. Put it before what installs
 * Docker; with docker.from the version is said there. A version that the sources do not have is a failure.
 */
export function pinned(version: string): Revertable<DebianLike> {
  return pinnedAmong(version, ["docker-ce", "docker-ce-cli", "docker.io", "docker-cli"]);
}

/** The same of these packages alone: others are about to go. */
export function pinnedAmong(version: string, names: readonly string[]): Revertable<DebianLike> {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw fail("config.bad-argument", `"${version}" is not a version of docker: 27.3.1`);
  const pattern = version.replaceAll(".", "\\.");
  const text = [
    stanza("docker-ce docker-ce-cli docker-ce-rootless-extras", `/^5:${pattern}[+~-]/`),
    stanza("docker.io docker-cli docker-doc", `/^${pattern}[+~-]/`),
  ].join("\n");
  const others = (seen: ReadonlyMap<string, string>): readonly string[] =>
    [...seen].filter(([, has]) => upstream(has) !== version).map(([name]) => name);
  const moved = property(`docker is ${version}`, {
    on: debianLike,
    about: "docker version",
    observe: packages(...names),
    plan: (seen) => (others(seen).length === 0 ? [] : apt.install(["--allow-downgrades", ...others(seen)])),
    diff: (seen) =>
      [...seen]
        .filter(([, has]) => upstream(has) !== version)
        .map(([name, has]) => `- ${name} ${has}\n+ ${name} ${version}`)
        .join("\n"),
    writes: ["package:*", "unit:*"],
  });
  return revertable(
    moved.requires(content(pinFile, text)).describe(`docker is pinned to ${version}`),
    absent(pinFile).describe("docker is not pinned"),
  );
}
