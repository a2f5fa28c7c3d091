import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type Docker, saveImages } from "@slipway/connection/docker";
import { messageOf, SlipwayError } from "@slipway/model";
import { fail } from "./errors.ts";
import { describeArchive, type Layered, missingLayers, type Selection, selectLayers } from "./layers.ts";

export interface Progress {
  /** Bytes given to the target so far. */
  readonly bytes: number;
  readonly message: string;
}

/** An image by name, or by name and the id that it must have. */
export type ImageRef = string | { readonly name: string; readonly id: string };

export interface SendOptions {
  readonly to: Docker;
  readonly signal?: AbortSignal;
  /** Called at most every 256 KiB, and at the end. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Sent {
  /** Bytes of archive that the target received; 0 when it had everything. */
  readonly bytes: number;
  readonly images: readonly { readonly name: string; readonly id: string; readonly sent: boolean }[];
  /** Whether the target refused an archive without the layers it has, so that everything was sent. */
  readonly full: boolean;
}

/**
 * Makes the target have the images, by name and id, without a registry: only layers that it lacks travel, as a stream from engine to
 * engine. Doing it again sends nothing. Each image's id is compared on the target at the end.
 * Throws `deploy.image-missing`, `deploy.image-load`, `deploy.image-differs`, or the signal's reason.
 */
export async function sendImages(
  options: SendOptions & { readonly from: Docker; readonly images: readonly ImageRef[] },
): Promise<Sent> {
  const { from, to } = options;
  const wanted = await Promise.all(
    options.images.map(async (ref) => {
      const name = typeof ref === "string" ? ref : ref.name;
      // What the target has already need not be on the source any more.
      const there = typeof ref === "string" ? undefined : await lookUp(to, ref.id);
      const image = there ?? (await lookUp(from, name));
      if (image === undefined) throw fail("deploy.image-missing", `the source engine has no image ${name}`);
      if (typeof ref !== "string" && image.id !== ref.id)
        throw fail("deploy.image-differs", `${name} is ${image.id} on the source, not ${ref.id}`);
      return { ...image, name };
    }),
  );
  return deliver(options, wanted, async (names) => ({ stream: await saveImages(from, names), names: new Map() }));
}

/** The same from an archive of `docker save` (or of a build) on this machine's disk. All its named images are sent. */
export async function sendImage(options: SendOptions & { readonly tar: string; readonly id?: string }): Promise<Sent> {
  const described = await describeArchive(createReadStream(options.tar));
  const wanted = described.images.flatMap(({ id, layers, tags }) => tags.map((name) => ({ id, layers, name })));
  if (wanted.length === 0) throw fail("deploy.tar", `${options.tar} holds no image with a name`);
  if (options.id !== undefined && !wanted.some((image) => image.id === options.id))
    throw fail(
      "deploy.image-differs",
      `${options.tar} holds ${wanted.map((image) => image.id).join(", ")}, not ${options.id}`,
    );
  return deliver(options, wanted, async () => ({ stream: createReadStream(options.tar), names: described.names }));
}

type Named = Layered & { readonly name: string };
type Source = (names: readonly string[]) => Promise<{ stream: Readable; names: ReadonlyMap<string, string> }>;

async function deliver(options: SendOptions, wanted: readonly Named[], source: Source): Promise<Sent> {
  const { to, signal } = options;
  signal?.throwIfAborted();
  const present = await layeredImages(to);
  const absent = wanted.filter((image) => !present.some((one) => one.id === image.id));
  let bytes = 0;
  let full = false;
  if (absent.length > 0) {
    const needed = missingLayers(absent, present);
    const attempt = async (selection: Omit<Selection, "names">): Promise<void> => {
      const { stream, names } = await source(absent.map((image) => image.name));
      bytes += await load(options, stream, { ...selection, names }, bytes);
    };
    try {
      await attempt({ images: absent, needed });
    } catch (error) {
      signal?.throwIfAborted();
      const all = new Set(absent.flatMap((image) => image.layers));
      if (!(error instanceof SlipwayError) || error.code !== "deploy.image-load" || needed.size === all.size)
        throw error;
      full = true;
      await attempt({ images: absent, needed: all });
    }
  }
  for (const image of wanted) {
    const there = await lookUp(to, image.name);
    if (there?.id === image.id) continue;
    // Its content is there under another name, or the name still belongs to an older image.
    if ((await lookUp(to, image.id)) === undefined)
      throw fail(
        "deploy.image-differs",
        `${image.name} became ${there?.id ?? "nothing"} on the target, not ${image.id}`,
      );
    const colon = image.name.lastIndexOf(":");
    const tagged = colon > image.name.lastIndexOf("/");
    await to.getImage(image.id).tag({
      repo: tagged ? image.name.slice(0, colon) : image.name,
      tag: tagged ? image.name.slice(colon + 1) : "latest",
    });
  }
  const images = wanted.map(({ name, id }) => ({ name, id, sent: absent.some((one) => one.id === id) }));
  options.onProgress?.({ bytes, message: `${absent.length} of ${wanted.length} images sent` });
  return { bytes, images, full };
}

/** An image of an engine; undefined when it has none of that name or id. */
async function lookUp(engine: Docker, name: string): Promise<Layered | undefined> {
  try {
    const { Id, RootFS } = await engine.getImage(name).inspect();
    return { id: Id, layers: RootFS.Layers ?? [] };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

async function layeredImages(engine: Docker): Promise<readonly Layered[]> {
  const ids = [...new Set((await engine.listImages()).map((image) => image.Id))];
  const found: Layered[] = [];
  const next = ids.values();
  const look = async (): Promise<void> => {
    for (const id of next) {
      // undefined: removed in between.
      const image = await lookUp(engine, id);
      if (image !== undefined) found.push(image);
    }
  };
  await Promise.all(Array.from({ length: 6 }, look));
  return found;
}

async function load(options: SendOptions, stream: Readable, selection: Selection, before: number): Promise<number> {
  let bytes = 0;
  let told = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const part of selectLayers(stream, selection)) {
      if (part.length === 0) continue;
      bytes += part.length;
      if (bytes - told >= 262_144) {
        told = bytes;
        options.onProgress?.({ bytes: before + bytes, message: "sending" });
      }
      yield part;
    }
  };
  // The engine's client does not notice that its input failed, so it is told by this signal.
  const broken = new AbortController();
  const body = Readable.from(counted(), { objectMode: false });
  let cause: unknown;
  body.once("error", (error) => {
    cause = error;
    broken.abort(error);
  });
  const onAbort = (): void => {
    body.destroy(options.signal?.reason);
  };
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const answer = await options.to.loadImage(body, { quiet: true, abortSignal: broken.signal });
    for (const line of (await text(answer)).split("\n")) {
      if (line.trim() === "") continue;
      const { error } = JSON.parse(line) as { error?: string };
      if (error !== undefined) throw fail("deploy.image-load", `the target's engine did not load the images: ${error}`);
    }
    return bytes;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (cause instanceof SlipwayError) throw cause;
    if (error instanceof SlipwayError) throw error;
    const why = messageOf(cause ?? error);
    throw fail("deploy.image-load", `the images did not reach the target: ${why}`, { cause: error });
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    body.destroy();
    stream.destroy();
  }
}
