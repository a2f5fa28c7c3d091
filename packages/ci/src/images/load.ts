import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { configurationOf, type ImageDescription, inputHash, layerDigest } from "./description.ts";
import { fail } from "./errors.ts";
import { complete, tar, tarHeader, tarSize } from "./tar.ts";

/** The part of a Docker client (dockerode's) that images need. */
export interface ImageEngine {
  getImage(name: string): { inspect(): Promise<{ Id: string; Size: number }> };
  loadImage(archive: NodeJS.ReadableStream): Promise<NodeJS.ReadableStream>;
  pull(reference: string): Promise<NodeJS.ReadableStream>;
}

export interface BuiltImage {
  /** Name with tag, the tag made of what is inside: `slipway/node:24.21.0-1a2b3c4d5e6f`. */
  readonly name: string;
  /** What the engine calls it: `sha256:…`, the digest of the configuration (of the manifest where containerd keeps the images). */
  readonly id: string;
  readonly sizeBytes: number;
  /** False when the engine already had it. */
  readonly built: boolean;
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  /** Where to ask first: the same name is pulled from there (`registry.example/slipway/node:…`) and built when it cannot be. */
  readonly registry?: string;
}

/**
 * Makes the image under `<name>-<hash of its contents>` and gives it. Idempotent: nothing is sent when the engine has that name.
 * Two callers at once both send the same image, which is harmless.
 */
export const ensureImage = async (
  docker: ImageEngine,
  named: { readonly name: string; readonly image: ImageDescription },
  { signal, registry }: LoadOptions,
): Promise<BuiltImage> => {
  const name = `${named.name}-${(await inputHash(named.image, signal)).slice(0, 12)}`;
  const present = await find(docker, name);
  if (present !== undefined) return { name, ...present, built: false };
  if (registry !== undefined) {
    const pulled = await pull(docker, `${registry}/${name}`);
    if (pulled !== undefined) return { ...pulled, built: false };
  }
  await load(docker, { name, image: named.image }, signal);
  const loaded = await find(docker, name);
  if (loaded === undefined) throw fail("image.load-failed", `the engine took ${name} but does not have it`);
  return { name, ...loaded, built: true };
};

/** Sends a described image to the engine, whole. Gives its id. */
export const load = async (
  docker: ImageEngine,
  { name, image }: { readonly name: string; readonly image: ImageDescription },
  signal: AbortSignal,
): Promise<string> => {
  const digests: string[] = [];
  for (const layer of image.layers) digests.push(await layerDigest(layer, signal));
  const configuration = configurationOf(image, digests);
  const id = createHash("sha256").update(configuration).digest("hex");
  const answer = await docker.loadImage(Readable.from(archive({ name, image, digests, configuration, id, signal })));
  await drain(answer, name);
  return `sha256:${id}`;
};

/** What `docker save` writes and `docker load` reads: a manifest, the configuration, and one archive per layer. */
async function* archive(parts: {
  readonly name: string;
  readonly image: ImageDescription;
  readonly digests: readonly string[];
  readonly configuration: Uint8Array;
  readonly id: string;
  readonly signal: AbortSignal;
}): AsyncGenerator<Uint8Array> {
  const layerFiles = parts.digests.map((digest) => `${digest}.tar`);
  const manifest = JSON.stringify([{ Config: `${parts.id}.json`, RepoTags: [parts.name], Layers: layerFiles }]);
  for (const [index, layer] of parts.image.layers.entries()) {
    const path = layerFiles[index];
    if (path === undefined) continue;
    const entries = complete(layer);
    yield tarHeader({ path, kind: "copy", from: "", mode: 0o644, sizeBytes: tarSize(entries) });
    for await (const chunk of tar(entries)) {
      parts.signal.throwIfAborted();
      yield chunk;
    }
  }
  yield* tar([
    { path: `${parts.id}.json`, kind: "bytes", mode: 0o644, bytes: parts.configuration },
    { path: "manifest.json", kind: "bytes", mode: 0o644, bytes: Buffer.from(manifest) },
  ]);
}

const find = async (docker: ImageEngine, name: string): Promise<{ id: string; sizeBytes: number } | undefined> => {
  try {
    const { Id, Size } = await docker.getImage(name).inspect();
    return { id: Id, sizeBytes: Size };
  } catch (cause) {
    if (cause instanceof Error && "statusCode" in cause && cause.statusCode === 404) return undefined;
    throw cause;
  }
};

const pull = async (
  docker: ImageEngine,
  reference: string,
): Promise<{ name: string; id: string; sizeBytes: number } | undefined> => {
  try {
    await drain(await docker.pull(reference), reference);
  } catch {
    // No registry, or not this image: it is built here instead.
    return undefined;
  }
  const found = await find(docker, reference);
  return found === undefined ? undefined : { name: reference, ...found };
};

/** The engine answers 200 and tells failures in the stream: JSON objects, one a line. */
const drain = async (answer: NodeJS.ReadableStream, name: string): Promise<void> => {
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  for (const line of text.split("\n")) {
    if (!line.includes('"error"')) continue;
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined) throw fail("image.load-failed", `the engine refused ${name}: ${error}`);
  }
};
