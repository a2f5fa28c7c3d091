import { expect, test } from "vitest";
import { configurationOf, type ImageDescription, inputHash } from "../../src/images/description.ts";

const image = (content: string, user = "1000:1000"): ImageDescription => ({
  architecture: "amd64",
  layers: [[{ path: "a", kind: "bytes", mode: 0o644, bytes: Buffer.from(content) }]],
  config: { user, command: ["node"] },
});

test("the hash follows contents and configuration", async () => {
  const hashes = await Promise.all(
    [image("1"), image("1"), image("2"), image("1", "0:0")].map((one) => inputHash(one)),
  );
  expect(hashes[0]).toBe(hashes[1]);
  expect(new Set(hashes).size).toBe(3);
});

test("the configuration is what the engine stores, with a fixed time", () => {
  expect(JSON.parse(Buffer.from(configurationOf(image("1"), ["ab"])).toString())).toEqual({
    architecture: "amd64",
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: { User: "1000:1000", Cmd: ["node"] },
    rootfs: { type: "layers", diff_ids: ["sha256:ab"] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "slipway" }],
  });
});
