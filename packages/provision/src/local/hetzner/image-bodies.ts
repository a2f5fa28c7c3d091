import { time } from "./action-bodies.ts";
import { keyOf, type Notes } from "./notes.ts";

export interface V2Image {
  readonly id: number;
  readonly name?: string | null;
  readonly type?: string | null;
  readonly distribution?: string | null;
  readonly slug?: string | null;
  readonly created_at?: string | null;
  readonly min_disk_size?: number | null;
  readonly size_gigabytes?: number | null;
  readonly status?: string | null;
}

/** Hetzner's name of a distribution's image: `debian-12`, `ubuntu-24.04`. */
function nameOf(slug: string): string {
  const [distribution = "", ...version] = slug.replace(/-x64$/, "").split("-");
  return `${distribution}-${version.join(".")}`;
}

export const imageKey = (id: number): string => keyOf("image", String(id));

/** An image as Hetzner's API shows it. */
export function imageBody(image: V2Image, notes: Notes): Readonly<Record<string, unknown>> {
  const note = notes.of(imageKey(image.id));
  const system = image.slug !== undefined && image.slug !== null;
  const name = system ? nameOf(image.slug ?? "") : null;
  const [flavor = "unknown", version = null] = name?.split("-") ?? [(image.distribution ?? "unknown").toLowerCase()];
  return {
    id: image.id,
    type: system ? "system" : image.type === "backup" ? "backup" : "snapshot",
    status: image.status === "pending" || image.status === "NEW" ? "creating" : "available",
    name,
    description: note.description ?? (system ? `${image.distribution ?? ""} ${version ?? ""}` : (image.name ?? "")),
    image_size: system ? null : (image.size_gigabytes ?? null),
    disk_size: image.min_disk_size ?? 10,
    created: time(image.created_at ?? "2023-06-10T00:00:00Z"),
    created_from: null,
    bound_to: null,
    os_flavor: flavor,
    os_version: version,
    architecture: "x86",
    rapid_deploy: system,
    protection: { delete: note.delete ?? false },
    deprecated: null,
    deleted: null,
    labels: note.labels,
  };
}
