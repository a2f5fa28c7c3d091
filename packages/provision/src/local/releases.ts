/** A release of a distribution that local hosts can run. */
export type HostDistro = "debian-12" | "debian-13" | "ubuntu-24.04";

export interface Release {
  /** As the mirrors call it. */
  readonly suite: string;
  /** Lines of sources.list; also the host's own. */
  readonly mirrors: readonly string[];
  /** The same release as a registry's image: name and tag. */
  readonly registry: readonly [string, string];
  /** Whether it may be out of reach where Debian is not: a file that its mirror answers, and the keys that mmdebstrap needs. */
  readonly rare?: { readonly probe: string; readonly keyring: string };
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

const ubuntuKeys = "/usr/share/keyrings/ubuntu-archive-keyring.gpg";
const ubuntuMirror = "http://archive.ubuntu.com/ubuntu";

const ubuntuRelease = (version: string, suite: string): Release => ({
  suite,
  mirrors: [suite, `${suite}-updates`, `${suite}-security`].map(
    (each) => `deb [signed-by=${ubuntuKeys}] ${ubuntuMirror} ${each} main universe`,
  ),
  registry: ["ubuntu", version],
  rare: { probe: `${ubuntuMirror}/dists/${suite}/InRelease`, keyring: ubuntuKeys },
});

export const releases: Readonly<Record<HostDistro, Release>> = {
  "debian-12": debianRelease("12", "bookworm"),
  "debian-13": debianRelease("13", "trixie"),
  "ubuntu-24.04": ubuntuRelease("24.04", "noble"),
};
