import { createHash, randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";
import { actionRoutes } from "./actions.ts";
import { associatedRoutes, takeUpDestructions } from "./associated.ts";
import { type BaseImage, distroOf, type ImageSlug, images, regions, sizes } from "./catalog.ts";
import { coalesced } from "./coalesced.ts";
import { domainRoutes } from "./domains.ts";
import { dropletLimit, dropletRoutes } from "./droplets.ts";
import { type Engine, engineAt } from "./engine.ts";
import type { Faults } from "./faults.ts";
import { applyFilter } from "./filtering.ts";
import { settling, syncGateway } from "./gateway.ts";
import { gatewayRecipe } from "./gateway-files.ts";
import { hetznerRoutes } from "./hetzner/routes.ts";
import { page, type Route, serve } from "./http.ts";
import { canHaveImage, ensureHostImage, ensureImage } from "./image.ts";
import { imageRoutes } from "./images.ts";
import { keyRoutes } from "./keys.ts";
import { type Limits, usualLimits } from "./limits.ts";
import { hasOwnImages } from "./own-images.ts";
import { plumbingRoutes, settlePlumbing } from "./plumbing.ts";
import { projectRoutes } from "./projects.ts";
import { sharedReads } from "./shared-reads.ts";
import type { Cloud } from "./state.ts";
import { tagRoutes } from "./tags.ts";

export interface LocalCloudOptions {
  /** The cloud's name, lower-case letters, digits and hyphens: as an account, it owns its droplets and keys. */
  readonly name: string;
  /** Socket of the Docker engine; default DOCKER_HOST, else /var/run/docker.sock. */
  readonly dockerSocket?: string;
  /** Port on 127.0.0.1. Default: a free one. Taken by another process: rejects with `cloud.taken`. */
  readonly port?: number;
  /** What callers show as their token. Default: a new one. */
  readonly token?: string;
  /** Aborting it ends the server as disposing does. */
  readonly signal?: AbortSignal;
  /** Told of what takes long, such as building the host image. */
  readonly onProgress?: (message: string) => void;
  /** Told once of each failure behind an answer that was already given, such as a droplet that does not start. Default: `onProgress`. */
  readonly onFailure?: (error: unknown) => void;
  /** Makes things go wrong on purpose. */
  readonly faults?: Faults;
  /** How many requests may be made; default as many as DigitalOcean allows. */
  readonly limits?: Limits;
  /** Told what DigitalOcean sends to the account's owner by e-mail: the new password of a droplet. */
  readonly onMail?: (message: string) => void;
}

/** A running local cloud. Disposing ends the server, never the droplets. */
export interface LocalCloud extends AsyncDisposable {
  /** Its endpoint, to be used instead of https://api.digitalocean.com. */
  readonly url: string;
  readonly token: string;
}

/**
 * Serves DigitalOcean's API (droplets, their actions, keys, tags, and what describes them) on a loopback port, with systemd containers of this
 * machine's Docker engine as droplets. All state is labels in the engine: processes may serve the same cloud side by side, and what one left
 * half-way the next finishes. Rejects with `engine.*` when no engine answers.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(options.name))
    throw fail("name.invalid", `"${options.name}" is no name for a local cloud`);
  const engine = sharedReads(engineAt(options.dockerSocket));
  await engine.call("GET", "/_ping");
  const running = new Map<string, Promise<void>>();
  const made = new Map<ImageSlug, Promise<string>>();
  let gatewayImage: Promise<string | undefined> | undefined;
  let settled: Promise<void> = Promise.resolve();
  const told = new Set<string>();
  const failed = (error: unknown): void => {
    const message = messageOf(error);
    // What fails is tried anew whenever somebody looks.
    if (told.has(message)) return;
    told.add(message);
    if (options.onFailure !== undefined) options.onFailure(error);
    else options.onProgress?.(`the local cloud: ${message}`);
  };
  const settle = settling(() => syncGateway(cloud).catch(failed));
  let gathering: NodeJS.Timeout | undefined;
  const settleSoon = (): void => {
    gathering ??= globalThis.setTimeout(() => void cloud.settled(), gatherMs);
  };
  let offered: Promise<readonly BaseImage[]> | undefined;
  let hadImages: Promise<boolean> | undefined;
  const cloud: Cloud = {
    engine,
    gatewayImage: () => {
      gatewayImage ??= ensureImage(engine, gatewayRecipe, options).then(
        ({ name }) => name,
        (error: unknown) => {
          options.onProgress?.(`no name server and no metadata for droplets: ${messageOf(error)}`);
          return undefined;
        },
      );
      return gatewayImage;
    },
    settled: () => {
      clearTimeout(gathering);
      gathering = undefined;
      settled = settle();
      return settled;
    },
    name: options.name,
    image: (slug) => {
      const image =
        made.get(slug) ?? ensureHostImage(engine, { ...options, distro: distroOf[slug] }).then(({ name }) => name);
      made.set(slug, image);
      image.catch(() => made.delete(slug));
      return image;
    },
    offered: () => {
      offered ??= offeredBy(engine);
      return offered;
    },
    hadImages: () => {
      hadImages ??= hasOwnImages(engine, options.name);
      hadImages.catch(() => {
        hadImages = undefined;
      });
      return hadImages;
    },
    filter: coalesced(() => applyFilter(cloud)),
    ofNewDroplet: options.faults?.ofNewDroplet ?? (() => ({})),
    mail: (message) => options.onMail?.(message),
    behind: (key, work) => {
      if (running.has(key)) return;
      const done = work()
        .catch(failed)
        .finally(() => running.delete(key))
        .then(() => (key.startsWith("action ") ? cloud.settled() : undefined));
      running.set(key, done);
    },
  };
  // Whoever serves the cloud finishes what another left half-way; the rest is taken up when it is looked at.
  cloud.behind("destructions", () => takeUpDestructions(cloud));
  cloud.behind("plumbing", () => settlePlumbing(cloud));
  const token = options.token ?? randomBytes(24).toString("hex");
  const routes = [
    ...describing(options.name),
    ...keyRoutes(cloud),
    ...tagRoutes(cloud),
    ...actionRoutes(cloud),
    ...dropletRoutes(cloud),
    ...plumbingRoutes(cloud),
    ...associatedRoutes(cloud),
    ...imageRoutes(cloud),
    ...domainRoutes(cloud),
    ...projectRoutes(cloud),
  ].map((route) => served(cloud, route, settleSoon));
  const server = serve(
    [...routes, ...hetznerRoutes(cloud, routes)],
    token,
    options.faults,
    options.limits ?? usualLimits,
  );
  // What a killed process left half-way.
  void cloud.settled();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE" ? fail("cloud.taken", `port ${options.port} is taken`, { cause: error }) : error,
      ),
    );
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const dispose = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    await Promise.all(running.values());
    await (gathering === undefined ? settled : cloud.settled());
  };
  options.signal?.addEventListener("abort", () => void dispose(), { once: true });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Within this time after a change metadata tell it: what changes together is served together. */
const gatherMs = 250;

/**
 * After a change the cloud's names and metadata follow, `soon`; who removes something or changes a name waits for that, not for an image to be
 * built.
 */
const served = (cloud: Cloud, [method, path, handler]: Route, soon: () => void): Route =>
  method === "GET"
    ? [method, path, handler]
    : [
        method,
        path,
        async (call, ...captured) => {
          const reply = await handler(call, ...captured);
          if (method === "DELETE" ? !path.startsWith("/v2/tags") : path.startsWith("/v2/domains"))
            await Promise.race([cloud.settled(), setTimeout(2_000, undefined, { ref: false })]);
          else soon();
          return reply;
        },
      ];

/** The base images that this machine has or can make. */
async function offeredBy(engine: Engine): Promise<readonly BaseImage[]> {
  const found = await Promise.all(
    images.map(async (image) => ((await canHaveImage(engine, distroOf[image.slug])) ? [image] : [])),
  );
  return found.flat();
}

const describing = (name: string): readonly Route[] => [
  [
    "GET",
    "/v2/account",
    () => ({
      status: 200,
      body: {
        account: {
          droplet_limit: dropletLimit,
          floating_ip_limit: 25,
          reserved_ip_limit: 25,
          volume_limit: 100,
          email: `${name}@localhost`,
          name,
          uuid: createHash("sha256").update(name).digest("hex").slice(0, 40),
          email_verified: true,
          status: "active",
          status_message: "",
          team: { uuid: createHash("sha256").update(`team ${name}`).digest("hex").slice(0, 40), name },
        },
      },
    }),
  ],
  ["GET", "/v2/sizes", (call) => page(call, "sizes", sizes)],
  ["GET", "/v2/regions", (call) => page(call, "regions", regions)],
];
