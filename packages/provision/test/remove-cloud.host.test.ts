import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { removeCloud } from "../src/local/clouds.ts";
import { engineAt } from "../src/local/engine.ts";
import { filterTable } from "../src/local/filter.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { api } from "./support/raw-cloud.ts";

const name = `r${process.pid}`;

/** What the engine's machine has of a volume, and of the cloud's filter. */
function besides(volume: string, image: string): { loops: number; tables: number } {
  const files = readdirSync("/sys/block").map((device) => {
    try {
      return readFileSync(`/sys/block/${device}/loop/backing_file`, "utf8");
    } catch {
      return "";
    }
  });
  const args = ["run", "--rm", "--network", "host", "--cap-add", "NET_ADMIN", image, "nft", "list", "tables"];
  const tables = execFileSync("docker", args, { encoding: "utf8" });
  return {
    loops: files.filter((file) => file.includes(volume)).length,
    tables: tables.split("\n").filter((line) => line.endsWith(` ${filterTable(name)}`)).length,
  };
}

test("a cloud with all that it can have is removed without a trace", async () => {
  const engine = engineAt();
  try {
    await using cloud = await api({ name });
    const volume = { name: "v", region: "lon1", size_gigabytes: 1, filesystem_type: "ext4" };
    const { id } = (await cloud.ok("POST", "/v2/volumes", volume)).volume;
    const droplet = await cloud.create("web", { tags: ["web"], volumes: [id] });
    await cloud.ok("POST", `/v2/volumes/${id}/snapshots`, { name: "s" });
    await cloud.ok("POST", "/v2/vpcs", { name: "inner", region: "lon1" });
    const bound = await cloud.ok("POST", "/v2/reserved_ips", { droplet_id: droplet.id });
    expect(await cloud.ended(bound.links.actions[0])).toBe("completed");
    const rule = { protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } };
    const { firewall } = await cloud.ok("POST", "/v2/firewalls", { name: "fw", tags: ["web"], inbound_rules: [rule] });
    await cloud.until(async () =>
      (await cloud.ok("GET", `/v2/firewalls/${firewall.id}`)).firewall.status === "succeeded" ? true : undefined,
    );
    const image = execFileSync("docker", ["images", "-q", "slipway/host"], { encoding: "utf8" }).split("\n")[0] ?? "";
    expect(besides(id, image)).toEqual({ loops: 1, tables: 1 });
    await cloud[Symbol.asyncDispose]();
    await removeCloud(engine, name);
    expect(besides(id, image)).toEqual({ loops: 0, tables: 0 });
    expect(await heldBy(name)).toEqual(nothing);
  } finally {
    await removeCloud(engine, name);
  }
});
