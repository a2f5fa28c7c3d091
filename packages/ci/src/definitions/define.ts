import type { Command, Duration } from "@slipway/model";
import { ms } from "@slipway/model/duration";
import type { CopiedFile, ImageStep, PipelineData, RunStep, StepData, StepNetwork, Trigger } from "../pipeline.ts";

// These functions run in a container from a patch's own tree: they only build data, and import nothing that acts.

/** A step, or its name. The step itself is better: a misspelt one does not compile. */
export type Needed = StepData | string;

const names = (needs: readonly Needed[] = []): string[] =>
  needs.map((one) => (typeof one === "string" ? one : one.name));

/** A pipeline starts on pushes to `branch` and to branches below it. */
export const push = (branch: string): Trigger => ({ push: branch });

/** Shell text as a command, for where one program is not enough. Stops at the first failure. */
export const script = (text: string): Command => ["sh", "-euc", text];

export interface StepOptions {
  readonly run: Command;
  readonly needs?: readonly Needed[];
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly cache?: "content" | "never";
  readonly timeout?: Duration;
  readonly network?: StepNetwork;
}

/**
 * A command in a fresh container that sees the declared inputs and the outputs of the steps it needs, and nothing else: no
 * secret, no engine, and no network unless it asks. It passes when the command's exit status is 0.
 */
export const step = (name: string, options: StepOptions): RunStep => ({
  kind: "run",
  name,
  needs: names(options.needs),
  timeoutMs: ms(options.timeout ?? "10m"),
  run: options.run,
  ...(options.image === undefined ? {} : { image: options.image }),
  env: options.env ?? {},
  inputs: options.inputs ?? [],
  outputs: options.outputs ?? [],
  cache: options.cache ?? "content",
  network: options.network ?? "none",
  services: [],
});

export interface ImageOptions {
  readonly needs?: readonly Needed[];
  /** Default `node`: the CI's own runtime image. */
  readonly from?: string;
  readonly copy: readonly CopiedFile[];
  readonly entry: Command;
  /** Default `1000:1000`. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeout?: Duration;
}

/** The image of a service. The step is called `image <service>`; its image is tagged with the commit when the whole run passes. */
export const image = (service: string, options: ImageOptions): ImageStep => ({
  kind: "image",
  name: `image ${service}`,
  service,
  needs: names(options.needs),
  timeoutMs: ms(options.timeout ?? "5m"),
  from: options.from ?? "node",
  copy: options.copy,
  entry: options.entry,
  user: options.user ?? "1000:1000",
  env: options.env ?? {},
});

export interface EndToEndOptions extends Omit<StepOptions, "outputs" | "network" | "cache"> {
  /** Which images run: service → its image step. They are joined as the application's description says. */
  readonly services: Readonly<Record<string, ImageStep>>;
}

/**
 * Tests of the whole application: the built images run on a network of their own that is thrown away, behind a front that
 * routes as production does. The command gets one address, SLIPWAY_URL, when every service is ready.
 */
export const endToEnd = (name: string, { services, ...options }: EndToEndOptions): RunStep => ({
  ...step(name, {
    ...options,
    cache: "never",
    needs: [...new Set([...names(options.needs), ...Object.values(services).map((one) => one.name)])],
  }),
  services: Object.keys(services),
});

/** A pipeline: its steps run in parallel as far as their needs allow. Without a step there is none: nothing would be verified. */
export const pipeline = (
  name: string,
  options: { readonly on: Trigger; readonly steps: readonly [StepData, ...StepData[]] },
): PipelineData => ({ name, on: options.on, steps: options.steps });
