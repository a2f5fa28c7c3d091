import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeArchive, type Layered, missingLayers, selectLayers } from "../src/layers.ts";
import { tarEnd, tarEntries, tarHeader, tarPadding } from "../src/tar.ts";

const sha = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** An archive as Docker 20.10 writes it: entries sorted by name, the manifest last. */
function archive(images: readonly { readonly tag: string; readonly layers: readonly string[] }[]) {
  const entries = new Map<string, { content?: string; link?: string }>();
  const described: (Layered & { tag: string })[] = [];
  const folders = new Map<string, string>();
  const manifest = images.map(({ tag, layers }) => {
    let parent: string | undefined;
    const diffs = layers.map((layer) => `sha256:${sha(layer)}`);
    const config = JSON.stringify({ tag, rootfs: { diff_ids: diffs } });
    const paths = layers.map((layer, at) => {
      const id = sha(`${parent ?? ""}${at === layers.length - 1 ? config : ""}${layer}`);
      entries.set(`${id}/VERSION`, { content: "1.0" });
      entries.set(`${id}/json`, { content: JSON.stringify({ id, ...(parent === undefined ? {} : { parent }) }) });
      const same = folders.get(layer);
      // The same layer under another id is a link.
      if (same === undefined || same === id) entries.set(`${id}/layer.tar`, { content: layer });
      else entries.set(`${id}/layer.tar`, { link: `../${same}/layer.tar` });
      folders.set(layer, same ?? id);
      parent = id;
      return `${id}/layer.tar`;
    });
    entries.set(`${sha(config)}.json`, { content: config });
    described.push({ id: `sha256:${sha(config)}`, layers: diffs, tag });
    return { Config: `${sha(config)}.json`, RepoTags: [tag], Layers: paths };
  });
  entries.set("manifest.json", { content: JSON.stringify(manifest) });
  const parts: Uint8Array[] = [];
  for (const [name, { content = "", link }] of [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = Buffer.from(content);
    parts.push(
      tarHeader({ name, size: bytes.length, ...(link === undefined ? {} : { link }) }),
      bytes,
      tarPadding(bytes.length),
    );
  }
  return { bytes: Buffer.concat([...parts, tarEnd]), images: described };
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function contents(source: AsyncIterable<Uint8Array>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { header, body } of tarEntries(source)) {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    found.set(header.name, header.link ?? Buffer.concat(parts).toString());
  }
  return found;
}

const big = (name: string): string => name.repeat(2_000);

describe("layers", () => {
  test("those above the longest shared chain are missing; the same layer higher up does not count", () => {
    const wanted = [{ id: "i", layers: ["a", "b", "c"] }];
    expect([...missingLayers(wanted, [])]).toEqual(["a", "b", "c"]);
    expect([...missingLayers(wanted, [{ id: "x", layers: ["a", "x"] }])]).toEqual(["b", "c"]);
    expect([...missingLayers(wanted, [{ id: "x", layers: ["b", "c"] }])]).toEqual(["a", "b", "c"]);
    expect([...missingLayers(wanted, [{ id: "x", layers: ["a", "b", "c", "d"] }])]).toEqual([]);
  });

  test("only what is missing passes, whatever the pieces, for any images and any target", async () => {
    const layers = fc.array(fc.constantFrom("a", "b", "c", "d").map(big), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(layers, { minLength: 1, maxLength: 3 }),
        fc.array(layers),
        fc.integer({ min: 1, max: 5_000 }),
        async (made, there, size) => {
          const { bytes, images } = archive(made.map((one, at) => ({ tag: `app/s${at}:1`, layers: one })));
          const present = there.map((one, at) => ({
            id: `p${at}`,
            layers: one.map((layer) => `sha256:${sha(layer)}`),
          }));
          const needed = missingLayers(images, present);
          const sent = await contents(selectLayers(pieces(bytes, size), { images, needed }));
          const whole = await contents(pieces(bytes, 4_096));
          expect(sent.get("manifest.json")).toBe(whole.get("manifest.json"));
          for (const image of images) expect(sent.has(`${image.id.slice(7)}.json`)).toBe(true);
          const layersSent = new Set(
            [...sent]
              .filter(([name, body]) => name.endsWith("layer.tar") && !body.startsWith("../"))
              .map(([, body]) => `sha256:${sha(body)}`),
          );
          expect(layersSent).toEqual(new Set(needed));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an archive on the disk is described by its manifest", async () => {
    const { bytes, images } = archive([{ tag: "app/core:1", layers: ["a", "b"] }]);
    const described = await describeArchive(pieces(bytes, 1_000));
    expect(described.images).toEqual([{ id: images[0]?.id, layers: images[0]?.layers, tags: ["app/core:1"] }]);
    expect([...described.names.values()]).toEqual(images[0]?.layers);
  });
});

describe("tar", () => {
  test.each([
    ["text", Buffer.from("no tar at all".repeat(100))],
    ["a cut archive", archive([{ tag: "a", layers: ["x"] }]).bytes.subarray(0, 700)],
  ])("%s is refused", async (_title, bytes) => {
    await expect(contents(pieces(bytes, 100))).rejects.toMatchObject({ code: "deploy.tar" });
  });

  test("random damage never hangs or goes wrong in another way", async () => {
    const { bytes } = archive([{ tag: "a", layers: ["x", "y"] }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        await contents(pieces(damaged, 512)).catch((error: unknown) =>
          expect(error).toMatchObject({ code: "deploy.tar" }),
        );
      }),
    );
  });
});
