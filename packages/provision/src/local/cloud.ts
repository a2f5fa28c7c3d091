import { createHash, randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { fail } from "../errors.ts";
import { actionRoutes } from "./actions.ts";
import { distroOf, findImage, type ImageSlug, images, regions, sizes } from "./catalog.ts";
import { coalesced } from "./coalesced.ts";
import { dropletLimit, dropletRoutes } from "./droplets.ts";
import { engineAt } from "./engine.ts";
import { applyFilter } from "./filtering.ts";
import { type Faults, notFound, page, type Route, serve } from "./http.ts";
import { ensureHostImage } from "./image.ts";
import { keyRoutes } from "./keys.ts";
import { plumbingRoutes, settle } from "./plumbing.ts";
import type { Cloud } from "./state.ts";
import { tagRoutes } from "./tags.ts";

export interface LocalCloudOptions {
  /** The cloud's name, lower-case letters, digits and hyphens: as an account, it owns its droplets and keys. */
  readonly name: string;
  /** Socket of the Docker engine; default DOCKER_HOST, else /var/run/docker.sock. */
  readonly dockerSocket?: string;
  /** Aborting it ends the server as disposing does. */
  readonly signal?: AbortSignal;
  /** Told of what takes long, such as building the host image. */
  readonly onProgress?: (message: string) => void;
  /** Told of failures behind an answer that was already given, such as a droplet that does not start. */
  readonly onFailure?: (error: unknown) => void;
  /** Makes calls fail on purpose. */
  readonly faults?: Faults;
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
  const engine = engineAt(options.dockerSocket);
  await engine.call("GET", "/_ping");
  const running = new Map<string, Promise<void>>();
  const made = new Map<ImageSlug, Promise<string>>();
  const cloud: Cloud = {
    engine,
    name: options.name,
    image: (slug) => {
      const image =
        made.get(slug) ?? ensureHostImage(engine, { ...options, distro: distroOf[slug] }).then(({ name }) => name);
      made.set(slug, image);
      image.catch(() => made.delete(slug));
      return image;
    },
    filter: coalesced(() => applyFilter(cloud)),
    behind: (key, work) => {
      if (running.has(key)) return;
      const done = work()
        .catch((error: unknown) => options.onFailure?.(error))
        .finally(() => running.delete(key));
      running.set(key, done);
    },
  };
  const token = randomBytes(24).toString("hex");
  const server = serve(
    [
      ...describing(options.name),
      ...keyRoutes(cloud),
      ...tagRoutes(cloud),
      ...actionRoutes(cloud),
      ...plumbingRoutes(cloud),
      ...dropletRoutes(cloud),
    ],
    token,
    options.faults,
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  cloud.behind("settle", () => settle(cloud));
  const dispose = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    await Promise.all(running.values());
  };
  options.signal?.addEventListener("abort", () => void dispose(), { once: true });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    [Symbol.asyncDispose]: dispose,
  };
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
          uuid: createHash("sha256").update(name).digest("hex").slice(0, 32),
          email_verified: true,
          status: "active",
          status_message: "",
          team: { uuid: name, name },
        },
      },
    }),
  ],
  ["GET", "/v2/sizes", (call) => page(call, "sizes", sizes)],
  ["GET", "/v2/regions", (call) => page(call, "regions", regions)],
  [
    "GET",
    "/v2/images",
    (call) => {
      const type = call.query.get("type");
      const own = call.query.get("private") === "true" || (type !== null && type !== "distribution");
      return page(call, "images", own ? [] : images);
    },
  ],
  [
    "GET",
    "/v2/images/:id",
    (_call, id) => {
      const image = findImage(id);
      if (image === undefined) throw notFound();
      return { status: 200, body: { image } };
    },
  ],
];
