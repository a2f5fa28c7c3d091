import { describe, expect, test } from "vitest";
import { volumesOf } from "../src/digitalocean/volumes.ts";
import { answering } from "./support/answering.ts";

describe("removing a volume", () => {
  const seen = {
    kind: "volume",
    name: "data",
    id: "v1",
    ours: true,
    dollarsMonthly: 0,
    region: "lon1",
    gigabytes: 1,
    protect: false,
    attachedTo: "7",
  } as const;
  const volume = (droplets: readonly number[]) => ({
    volume: { id: "v1", name: "shop-data", size_gigabytes: 1, droplet_ids: droplets, tags: [] },
  });

  test.each([
    [404, "volume is not attached to droplet"],
    [422, "Attachment not found"],
  ])("of a machine that is just going (%i %s) waits until it is free, and deletes it", async (status, message) => {
    let looks = 0;
    const { context, calls } = await answering((call) => {
      if (call === "GET /v2/volumes/v1") return [200, volume(++looks < 3 ? [7] : [])];
      if (call.startsWith("GET /v2/volumes/v1/actions")) return [200, { actions: [] }];
      if (call === "POST /v2/volumes/v1/actions") return [status, { id: "not_found", message }];
      return [204, undefined];
    });
    await volumesOf(context, "shop").remove(seen);
    expect(calls.at(-1)).toBe("DELETE /v2/volumes/v1");
  });

  test("is tried again while the cloud thinks it attached", async () => {
    let deletes = 0;
    const { context, calls } = await answering((call) => {
      if (call === "GET /v2/volumes/v1") return [200, volume([])];
      return ++deletes < 3 ? [409, { id: "conflict", message: "A volume that's attached" }] : [204, undefined];
    });
    await volumesOf(context, "shop").remove(seen);
    expect(calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(3);
  });

  test("that stays attached is no success", async () => {
    const { context } = await answering((call) => {
      if (call === "GET /v2/volumes/v1") return [200, volume([7])];
      if (call.startsWith("GET")) return [200, { actions: [] }];
      return [404, { id: "not_found", message: "volume is not attached to droplet" }];
    });
    await expect(volumesOf(context, "shop").remove(seen)).rejects.toMatchObject({ code: "machine.slow" });
  });

  test("that is gone is none", async () => {
    const { context } = await answering(() => [404, { id: "not_found", message: "gone" }]);
    await volumesOf(context, "shop").remove(seen);
  });
});
