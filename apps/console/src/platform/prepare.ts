import { runtimeImage, toolchainImage } from "@slipway/ci/images/index";
import { alone, hasProperty, observe, preflight, type Seen } from "@slipway/config";
import { type Docker, localDocker } from "@slipway/connection/docker";
import type { Host, Surroundings } from "@slipway/model";
import { fail } from "../errors.ts";
import { bundleStation } from "../station/bundle.ts";
import { stationImage } from "../station/image.ts";
import type { StationSpec } from "../station/plan.ts";
import { additionsFor, imagesFor, type StationImages } from "./additions.ts";
import { effective } from "./effective.ts";
import type { Session } from "./session.ts";
import { surroundingsOf } from "./surroundings.ts";
import { isMade } from "./targets.ts";

/** A host with all that `ops config` makes true of it. */
export interface PreparedHost {
  readonly host: Host;
  readonly around: Surroundings;
  readonly stations: readonly StationSpec[];
  /** Images that its engine must have before its stations start, and where they are. */
  readonly images: readonly { readonly name: string; readonly id: string }[];
  readonly engine: Docker | undefined;
}

async function makeImages(engine: Docker, signal: AbortSignal): Promise<StationImages> {
  const bundle = await bundleStation();
  const [node, toolchain, station] = [
    await runtimeImage(engine, { signal }),
    await toolchainImage(engine, { signal }),
    await stationImage(engine, bundle, signal),
  ];
  return { node, toolchain, station };
}

const none = { name: "", id: "" };
const noImages: StationImages = { node: none, toolchain: none, station: none };

/** Every host of the platform, in its order, with what the platform adds and what it knows of the others. Connects to no host. */
export async function prepare(session: Session, signal: AbortSignal): Promise<ReadonlyMap<string, PreparedHost>> {
  const { platform } = session.project;
  // A platform without stations needs no Docker engine here.
  const stationed = platform.ci !== undefined || platform.monitor !== undefined;
  const engine = stationed ? await localDocker() : undefined;
  return await whole(session, engine === undefined ? noImages : await makeImages(engine, signal), engine);
}

/** As {@link prepare}, but without images, to look at only: their names are missing in it. */
export const described = async (session: Session): Promise<ReadonlyMap<string, PreparedHost>> =>
  await whole(session, noImages, undefined);

async function whole(
  session: Session,
  images: StationImages,
  engine: Docker | undefined,
): Promise<ReadonlyMap<string, PreparedHost>> {
  const { platform } = session.project;
  const machines = await session.machines();
  const hosts = await Promise.all(
    platform.hosts.map(async (host) => {
      const { additions, stations } = await additionsFor(session, host.name, machines, images);
      return { host: effective(host, additions), stations };
    }),
  );
  const around = surroundingsOf(
    hosts.map((one) => one.host),
    machines,
  );
  return new Map(
    hosts.map(({ host, stations }) => [
      host.name,
      {
        host,
        around: around.get(host.name) ?? alone(host),
        stations,
        images: imagesFor(session, host.name, images),
        engine,
      },
    ]),
  );
}

/**
 * The prepared ones among `hosts`, with `only` those that have such a property, seen to be free of what can be found wrong without a
 * connection: contradictions, missing secrets. Throws what `preflight` does, `ops.unknown-property`.
 */
export async function preparedHosts(
  session: Session,
  hosts: readonly Host[],
  options: { readonly signal: AbortSignal; readonly only?: readonly string[] | undefined },
): Promise<readonly PreparedHost[]> {
  const { signal, only } = options;
  const all = await prepare(session, signal);
  const asked = hosts.flatMap((host) => all.get(host.name) ?? []);
  const chosen = only === undefined ? asked : asked.filter((one) => hasProperty(one.host, only, one.around));
  if (chosen.length === 0 && only !== undefined)
    throw fail(
      "ops.unknown-property",
      `no host has a property called ${only.map((title) => `"${title}"`).join(" or ")}`,
    );
  await preflight(chosen.map(({ host, around }) => ({ host, around, secrets: session.identity.vault })));
  return chosen;
}

/** What a machine is configured from, so that another platform's is told from it. */
export const listName = (platform: { readonly name: string }, host: { readonly name: string }): string =>
  `${platform.name}/${host.name}`;

/** What is seen of a prepared host now. */
export const observeHost = async (
  session: Session,
  { host, around }: PreparedHost,
  signal: AbortSignal,
): Promise<Seen> =>
  await observe(host, await session.connect(host.name), {
    around,
    list: listName(session.project.platform, host),
    secrets: session.identity.vault,
    signal,
  });

/** The hosts that are named, all when none is. Throws `ops.unknown-host`, `ops.not-provisioned` with all whose machines do not exist. */
export async function chosenHosts(session: Session, on: readonly string[]): Promise<readonly Host[]> {
  const hosts = on.length === 0 ? session.project.platform.hosts : [...new Set(on)].map((name) => session.host(name));
  const droplets = hosts.filter((host) => isMade(host.on));
  if (droplets.length === 0) return hosts;
  const there = new Set((await session.machines()).map((machine) => machine.name));
  const missing = droplets.filter((host) => !there.has(host.name)).map((host) => host.name);
  if (missing.length === 1) throw fail("ops.not-provisioned", `the machine of ${missing[0]} does not exist`);
  if (missing.length > 1) throw fail("ops.not-provisioned", `the machines of ${missing.join(", ")} do not exist`);
  return hosts;
}
