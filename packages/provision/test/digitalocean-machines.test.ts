import { describe, expect, test } from "vitest";
import { machineOf, machinesOf } from "../src/digitalocean/machines.ts";
import { answering } from "./support/answering.ts";
import { want } from "./support/resources.ts";

const droplet = (more: object = {}) => ({
  id: 7,
  name: "web",
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
  disk: 25,
  features: [],
  backup_ids: [],
  snapshot_ids: [],
  volume_ids: [],
  size_slug: "s-1vcpu-1gb",
  region: { slug: "lon1" },
  image: { slug: "debian-12-x64", id: 1 },
  tags: ["slipway:stack:shop"],
  networks: { v4: [], v6: [] },
  ...more,
});
const intent = { id: "1", begun: false };

describe("backups are weekly", () => {
  const weekly = { plan: "weekly", weekday: "SUN", hour: 4 };

  test("of a new machine", async () => {
    const { context, sent } = await answering(() => [202, { droplet: droplet() }]);
    await machinesOf(context, "shop").create(want("web", { backups: true }), new Map(), intent);
    expect(sent("POST /v2/droplets")).toMatchObject({ backups: true, backup_policy: weekly });
  });

  test("and of one that gets them later", async () => {
    const { context, sent } = await answering((call) => {
      if (call.startsWith("POST /v2/droplets/7/actions"))
        return [201, { action: { id: 1, type: "enable_backups", status: "completed" } }];
      return [200, { actions: [], tag: { name: "t" } }];
    });
    const seen = machineOf(droplet(), "shop");
    await machinesOf(context, "shop").update(seen, want("web", { backups: true }), ["backups"], new Map());
    expect(sent("POST /v2/droplets/7/actions")).toEqual({ type: "enable_backups", backup_policy: weekly });
  });
});
