import { createHash } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "./errors.ts";
import { type TarEntry, tarEnd, tarEntries, tarHeader, tarPadding } from "./tar.ts";

/** An image as a list of layers: the digest of its configuration, and of each layer's uncompressed tar from the lowest up. */
export interface Layered {
  readonly id: string;
  readonly layers: readonly string[];
}

/** Layers of `wanted` that lie above the longest chain which some image of `present` shares. */
export function missingLayers(wanted: readonly Layered[], present: readonly Layered[]): ReadonlySet<string> {
  const missing = new Set<string>();
  for (const image of wanted) {
    let shared = 0;
    for (const other of present) {
      let same = 0;
      while (same < image.layers.length && image.layers[same] === other.layers[same]) same += 1;
      shared = Math.max(shared, same);
    }
    for (const layer of image.layers.slice(shared)) missing.add(layer);
  }
  return missing;
}

export interface Selection {
  /** The images in the archive. */
  readonly images: readonly Layered[];
  /** Layers to let through. Those of `images` that are not here are left out; anything else passes. */
  readonly needed: ReadonlySet<string>;
  /** Entry → layer, where it is known beforehand. */
  readonly names?: ReadonlyMap<string, string>;
}

const largestJson = 16 * 1_048_576;

/**
 * The archive of `docker save` without the layers that are not needed, on the fly: `docker load` asks for a layer's file only when it does
 * not have the chain up to it. The archive names its manifest last, so which layer a file holds is known from the entries seen before
 * where that is certain; where it is not, the file goes through an unlinked file on the disk, is hashed, and then sent or dropped.
 */
export async function* selectLayers(
  source: AsyncIterable<Uint8Array>,
  selection: Selection,
): AsyncGenerator<Uint8Array, void, undefined> {
  const height = new Map<string, number>();
  for await (const entry of tarEntries(source)) {
    const { name, type, size, link } = entry.header;
    const folder = /^([0-9a-f]{64})\/(json|VERSION|layer\.tar)$/.exec(name);
    if (folder?.[2] === "VERSION" || type === "folder" || type === "other") continue;
    if (type === "link") {
      yield tarHeader({ name, size: 0, ...(link === undefined ? {} : { link }) });
      continue;
    }
    if (folder?.[2] === "json") {
      const { parent } = parse(await whole(entry)) as { parent?: string };
      const below = parent === undefined ? -1 : height.get(parent);
      if (below !== undefined) height.set(folder[1] ?? "", below + 1);
      continue;
    }
    const sending = isNeeded(name, folder?.[1], height, selection);
    if (sending === "yes" || (sending === "unknown" && !/layer\.tar$|^blobs\//.test(name))) {
      yield tarHeader({ name, size });
      yield* entry.body;
      yield tarPadding(size);
    } else if (sending === "unknown") yield* afterHashing(entry, selection);
  }
  yield tarEnd;
}

function isNeeded(
  name: string,
  folder: string | undefined,
  height: ReadonlyMap<string, number>,
  { images, needed, names }: Selection,
): "yes" | "no" | "unknown" {
  const all = new Set(images.flatMap((image) => image.layers));
  const decide = (layer: string): "yes" | "no" => (needed.has(layer) || !all.has(layer) ? "yes" : "no");
  const known = names?.get(name);
  if (known !== undefined) return decide(known);
  const blob = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  if (blob !== undefined) return decide(`sha256:${blob}`);
  const at = folder === undefined ? undefined : height.get(folder);
  if (at === undefined) return "unknown";
  const answers = new Set(images.flatMap((image) => image.layers[at] ?? []).map(decide));
  return answers.size === 1 ? ([...answers][0] ?? "unknown") : "unknown";
}

async function* afterHashing(
  entry: TarEntry,
  { images, needed }: Selection,
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = join(tmpdir(), `slipway-layer-${process.pid}-${crypto.randomUUID()}`);
  await using file = await open(path, "wx+", 0o600);
  // Without a name it cannot be left behind, however this process ends.
  await unlink(path);
  const hash = createHash("sha256");
  for await (const part of entry.body) {
    hash.update(part);
    await file.writeFile(part);
  }
  const layer = `sha256:${hash.digest("hex")}`;
  if (!needed.has(layer) && images.some((image) => image.layers.includes(layer))) return;
  const { name, size } = entry.header;
  yield tarHeader({ name, size });
  const buffer = Buffer.alloc(65_536);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw fail("deploy.tar", `${name} was cut short`);
    at += bytesRead;
    yield Uint8Array.from(buffer.subarray(0, bytesRead));
  }
  yield tarPadding(size);
}

async function whole(entry: TarEntry): Promise<Buffer> {
  if (entry.header.size > largestJson) throw fail("deploy.tar", `${entry.header.name} is too large`);
  const parts: Uint8Array[] = [];
  for await (const part of entry.body) parts.push(part);
  return Buffer.concat(parts);
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch (cause) {
    throw fail("deploy.tar", "the archive holds JSON that cannot be read", { cause });
  }
}

/** What an archive of `docker save` holds: its images with their names, and which entry is which layer. Reads it to the end. */
export async function describeArchive(source: AsyncIterable<Uint8Array>): Promise<{
  readonly images: readonly (Layered & { readonly tags: readonly string[] })[];
  readonly names: ReadonlyMap<string, string>;
}> {
  const small = new Map<string, Buffer>();
  for await (const entry of tarEntries(source)) {
    const { name, size, type } = entry.header;
    if (type === "file" && size <= 1_048_576 && !name.endsWith("layer.tar")) small.set(name, await whole(entry));
  }
  const manifest = small.get("manifest.json");
  if (manifest === undefined) throw fail("deploy.tar", "the archive has no manifest.json");
  const names = new Map<string, string>();
  const listed = parse(manifest) as readonly {
    Config: string;
    RepoTags: readonly string[] | null;
    Layers: readonly string[];
  }[];
  const images = listed.map(({ Config, RepoTags, Layers }) => {
    const config = small.get(Config);
    if (config === undefined) throw fail("deploy.tar", `the archive has no ${Config}`);
    const { rootfs } = parse(config) as { rootfs?: { diff_ids?: readonly string[] } };
    const layers = rootfs?.diff_ids ?? [];
    for (const [at, entry] of Layers.entries()) names.set(entry, layers[at] ?? "");
    return { id: `sha256:${createHash("sha256").update(config).digest("hex")}`, layers, tags: RepoTags ?? [] };
  });
  return { images, names };
}
