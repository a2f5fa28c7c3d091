/** A release of a distribution that local hosts can run. */
export type HostDistro = "debian-12" | "debian-13";

export interface Release {
  /** As the mirrors call it. */
  readonly suite: string;
  /** Lines of sources.list; also the host's own. */
  readonly mirrors: readonly string[];
  /** The same release as a registry's image: name and tag. */
  readonly registry: readonly [string, string];
}

const debianRelease = (version: string, suite: string): Release => ({
  suite,
  mirrors: [
    `deb http://deb.debian.org/debian ${suite} main`,
    `deb http://deb.debian.org/debian ${suite}-updates main`,
    `deb http://deb.debian.org/debian-security ${suite}-security main`,
  ],
  registry: ["debian", version],
});

export const releases: Readonly<Record<HostDistro, Release>> = {
  "debian-12": debianRelease("12", "bookworm"),
  "debian-13": debianRelease("13", "trixie"),
};
