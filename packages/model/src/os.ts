export type Os = "debian" | "ubuntu" | "alpine";
export type DebianLike = "debian" | "ubuntu";
export const debianLike = ["debian", "ubuntu"] as const satisfies readonly DebianLike[];
export const everyOs = ["debian", "ubuntu", "alpine"] as const satisfies readonly Os[];

/** An operating system at a version. */
export interface Distro<out O extends Os = Os> {
  readonly os: O;
  readonly version: string;
}
export const debian = (version: "12" | "13"): Distro<"debian"> => ({ os: "debian", version });
export const ubuntu = (version: "24.04"): Distro<"ubuntu"> => ({ os: "ubuntu", version });
export const alpine = (version: "3.21" | "3.22"): Distro<"alpine"> => ({ os: "alpine", version });
