import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { complete, type TarEntry, tar } from "./tar.ts";

/** What a container of the image starts with. */
export interface ImageConfig {
  readonly user?: string;
  readonly workingDir?: string;
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A whole image as data: layers from the bottom, and how it starts. Equal descriptions make images with equal ids. */
export interface ImageDescription {
  readonly architecture: "amd64" | "arm64";
  readonly layers: readonly (readonly TarEntry[])[];
  readonly config: ImageConfig;
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** The image's configuration, as the engine stores it; its SHA-256 is the image's id. `layerDigests` are of the uncompressed layers. */
export const configurationOf = (image: ImageDescription, layerDigests: readonly string[]): Uint8Array => {
  const { config } = image;
  return json({
    architecture: image.architecture,
    os: "linux",
    // The epoch: a real time would make every build another image.
    created: "1970-01-01T00:00:00Z",
    config: {
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
      ...(config.env === undefined ? {} : { Env: config.env }),
      ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
      ...(config.command === undefined ? {} : { Cmd: config.command }),
      ...(config.labels === undefined ? {} : { Labels: config.labels }),
    },
    rootfs: { type: "layers", diff_ids: layerDigests.map((digest) => `sha256:${digest}`) },
    history: layerDigests.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "slipway" })),
  });
};

/**
 * Hash of what goes in: contents, modes, owners and the configuration. Cheaper than the layers' digests, and stable as they are:
 * a tag made of it names one content for ever.
 */
export const inputHash = async (image: ImageDescription, signal?: AbortSignal): Promise<string> => {
  const whole = createHash("sha256");
  const word = (text: string) => whole.update(`${text.length}:${text};`);
  word(image.architecture);
  word(JSON.stringify(image.config));
  for (const layer of image.layers) {
    word("layer");
    for (const entry of complete(layer)) {
      word(JSON.stringify([entry.path, entry.kind, entry.mode, entry.owner ?? 0]));
      if (entry.kind === "link") word(entry.target);
      if (entry.kind === "bytes") word(createHash("sha256").update(entry.bytes).digest("hex"));
      if (entry.kind === "copy") word(await fileDigest(entry.from, signal));
    }
  }
  return whole.digest("hex");
};

const fileDigest = async (path: string, signal?: AbortSignal): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) })) {
    hash.update(chunk);
  }
  return hash.digest("hex");
};

/** SHA-256 of a layer's archive, uncompressed. */
export const layerDigest = async (layer: readonly TarEntry[], signal?: AbortSignal): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of tar(complete(layer))) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex");
};
