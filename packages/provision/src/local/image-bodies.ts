import type { OwnImage } from "./own-images.ts";

/** An image of the account's own as the API shows it. */
export const ownImageBody = (image: OwnImage): object => ({
  id: image.id,
  name: image.name,
  type: image.type,
  distribution: image.distribution,
  slug: null,
  public: false,
  regions: image.regions,
  created_at: image.createdAt,
  min_disk_size: image.minDisk,
  size_gigabytes: image.gigabytes,
  description: image.description,
  tags: image.tags,
  status: image.status,
  error_message: image.error ?? "",
});

/** As a snapshot among those of volumes. */
export const snapshotBody = (image: OwnImage): object => ({
  id: String(image.id),
  name: image.name,
  created_at: image.createdAt,
  regions: image.regions,
  min_disk_size: image.minDisk,
  size_gigabytes: image.gigabytes ?? 0,
  resource_id: String(image.droplet),
  resource_type: "droplet",
  tags: image.tags,
});

/** The same, as one of its droplet. */
export const dropletSnapshotBody = (image: OwnImage): object => ({
  id: image.id,
  name: image.name,
  type: image.type,
  created_at: image.createdAt,
  regions: image.regions,
  min_disk_size: image.minDisk,
  size_gigabytes: image.gigabytes ?? 0,
});
