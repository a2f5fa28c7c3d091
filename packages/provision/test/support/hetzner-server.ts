import type { Server } from "../../src/hetzner/shapes.ts";

/** A server as Hetzner tells it. */
export const seenServer = (more: Partial<Server>): Server => ({
  id: 7,
  name: "web",
  status: "running",
  created: "2026-01-02T03:04:05+00:00",
  public_net: { ipv4: { ip: "192.0.2.7" } },
  server_type: { name: "cx23" },
  location: { name: "nbg1" },
  image: { id: 1, name: "debian-12" },
  locked: false,
  protection: { delete: false },
  labels: {},
  primary_disk_size: 40,
  ...more,
});
