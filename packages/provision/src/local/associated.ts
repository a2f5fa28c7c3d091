import { messageOf } from "@slipway/model";
import { findDroplet } from "./droplets.ts";
import { type Call, notFound, Refusal, type Reply, type Route } from "./http.ts";
import { removeImage } from "./images.ts";
import { exclusively } from "./lock.ts";
import { removeDroplets } from "./remove-droplets.ts";
import { readReserved, releaseAddress } from "./reserved-ips.ts";
import { dropResource, putResource, readResources } from "./resources.ts";
import { type Cloud, look } from "./state.ts";
import { type DropletRecord, stamp } from "./store.ts";
import { dropSnapshot, readSnapshots } from "./volume-snapshots.ts";
import { dropVolume, readVolumes, type Volume } from "./volumes.ts";

export type AssociatedKind = "reserved_ips" | "floating_ips" | "snapshots" | "volumes" | "volume_snapshots";

/** One kind of what costs money beside a droplet and may go with it. */
export interface Associated {
  readonly kind: AssociatedKind;
  /** `cost` is dollars a month, as text. */
  readonly list: (
    cloud: Cloud,
    droplet: DropletRecord,
  ) => Promise<readonly { id: string; name: string; cost: string }[]>;
  /** Gone already is as good. */
  readonly remove: (cloud: Cloud, id: string) => Promise<void>;
}

const snapshotDollarsPerGb = 0.06;
const volumeDollarsPerGb = 0.1;

const associated: readonly Associated[] = [
  {
    kind: "snapshots",
    list: async (cloud, droplet) =>
      (await look(cloud)).images
        .filter((image) => image.droplet === droplet.id && image.type === "snapshot")
        .map((image) => ({
          id: String(image.id),
          name: image.name,
          cost: ((image.gigabytes ?? 0) * snapshotDollarsPerGb).toFixed(2),
        })),
    remove: (cloud, id) => removeImage(cloud, Number(id)),
  },
  {
    kind: "volumes",
    list: async (cloud, droplet) =>
      (await volumesOf(cloud, droplet)).map(({ id, data }) => ({
        id,
        name: data.name,
        cost: (data.gigabytes * volumeDollarsPerGb).toFixed(2),
      })),
    remove: dropVolume,
  },
  {
    kind: "volume_snapshots",
    list: async (cloud, droplet) => {
      const volumes = new Set((await volumesOf(cloud, droplet)).map(({ id }) => id));
      return (await readSnapshots(cloud))
        .filter(({ data }) => volumes.has(data.volume))
        .map(({ id, data }) => ({ id, name: data.name, cost: (data.gigabytes * snapshotDollarsPerGb).toFixed(2) }));
    },
    remove: dropSnapshot,
  },
  ...(["reserved_ips", "floating_ips"] as const).map(
    (kind): Associated => ({
      kind,
      list: async (cloud, droplet) =>
        (await readReserved(cloud))
          .filter(({ data }) => data.droplet === droplet.id && !data.address.includes(":"))
          .map(({ data }) => ({ id: data.address, name: data.address, cost: "0.00" })),
      remove: releaseAddress,
    }),
  ),
];

const volumesOf = async (cloud: Cloud, droplet: DropletRecord): Promise<Volume[]> =>
  (await readVolumes(cloud)).filter(({ data }) => data.droplet === droplet.id);

interface Part {
  readonly id: string;
  readonly name: string;
  readonly destroyedAt?: string;
  readonly error?: string;
}

/** A destruction that was asked for, until long after its end. */
interface Destruction {
  readonly droplet: Part;
  readonly parts: readonly (Part & { readonly kind: AssociatedKind })[];
  readonly completedAt?: string;
}
const destructionKind = "destruction";

const path = "/v2/droplets/:id/destroy_with_associated_resources";

export const associatedRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", path, (_call, id = "") => list(cloud, id)],
  ["DELETE", `${path}/selective`, (call, id = "") => selective(cloud, call, id)],
  ["DELETE", `${path}/dangerous`, (call, id = "") => dangerous(cloud, call, id)],
  ["GET", `${path}/status`, (_call, id = "") => status(cloud, id)],
  ["POST", `${path}/retry`, (_call, id = "") => retry(cloud, id)],
];

const none = (): Record<AssociatedKind, object[]> => ({
  reserved_ips: [],
  floating_ips: [],
  snapshots: [],
  volumes: [],
  volume_snapshots: [],
});

async function list(cloud: Cloud, id: string): Promise<Reply> {
  const { droplet } = await findDroplet(cloud, id);
  const body = none();
  for (const { kind, list: ask } of associated) body[kind].push(...(await ask(cloud, droplet)));
  return { status: 200, body };
}

/** What goes with a droplet: of each kind those that `wanted` holds. */
async function begin(cloud: Cloud, id: string, wanted: (kind: AssociatedKind, id: string) => boolean): Promise<Reply> {
  const { droplet } = await findDroplet(cloud, id);
  const parts: Destruction["parts"][number][] = [];
  for (const { kind, list: ask } of associated)
    for (const one of await ask(cloud, droplet))
      if (wanted(kind, one.id)) parts.push({ kind, id: one.id, name: one.name });
  await putResource<Destruction>(cloud, destructionKind, id, { droplet: { id, name: droplet.name }, parts });
  cloud.behind(`destroy ${id}`, () => finishDestruction(cloud, id));
  return { status: 202 };
}

function selective(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  return begin(cloud, id, (kind, one) => {
    const given = call.body[kind];
    return Array.isArray(given) && given.some((other) => String(other) === one);
  });
}

function dangerous(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  if (call.headers["x-dangerous"] !== "true")
    throw new Refusal(400, "bad_request", "The X-Dangerous header has to be set to true.");
  return begin(cloud, id, () => true);
}

async function find(cloud: Cloud, id: string): Promise<Destruction> {
  const found = (await readResources<Destruction>(cloud, destructionKind)).find((one) => one.id === id);
  if (found === undefined) throw notFound();
  return found.data;
}

async function status(cloud: Cloud, id: string): Promise<Reply> {
  const { droplet, parts, completedAt } = await find(cloud, id);
  // Whoever asks takes up what was left half-way.
  if (completedAt === undefined) cloud.behind(`destroy ${id}`, () => finishDestruction(cloud, id));
  const resources = none();
  for (const part of parts) resources[part.kind].push(partBody(part));
  const failures = [droplet, ...parts].filter((part) => part.error !== undefined).length;
  const body = { droplet: partBody(droplet), resources, ...(completedAt && { completed_at: completedAt }), failures };
  return { status: 200, body };
}

const partBody = (part: Part): object => ({
  id: part.id,
  name: part.name,
  ...(part.destroyedAt !== undefined && { destroyed_at: part.destroyedAt }),
  ...(part.error !== undefined && { error_message: part.error }),
});

async function retry(cloud: Cloud, id: string): Promise<Reply> {
  const { completedAt, ...destruction } = await find(cloud, id);
  if (completedAt === undefined)
    throw new Refusal(409, "conflict", "A destroy of this Droplet is in progress already.");
  await putResource<Destruction>(cloud, destructionKind, id, destruction);
  cloud.behind(`destroy ${id}`, () => finishDestruction(cloud, id));
  return { status: 202 };
}

const keptMs = 3_600_000;

/** Finishes destructions that were left half-way, and forgets those that ended an hour ago. */
export async function takeUpDestructions(cloud: Cloud): Promise<void> {
  for (const { id, data } of await readResources<Destruction>(cloud, destructionKind))
    if (data.completedAt === undefined) cloud.behind(`destroy ${id}`, () => finishDestruction(cloud, id));
    else if (Date.now() - Date.parse(data.completedAt) > keptMs) await dropResource(cloud, destructionKind, id);
}

/** Removes the droplet and what goes with it, unless somebody did. May be repeated. */
export function finishDestruction(cloud: Cloud, id: string): Promise<void> {
  return exclusively(`destroy ${cloud.name} ${id}`, async () => {
    const destruction = await find(cloud, id);
    if (destruction.completedAt !== undefined) return;
    const attempt = async <P extends Part>(part: P, work: () => Promise<void>): Promise<P> => {
      if (part.destroyedAt !== undefined) return part;
      const { error: _error, ...rest } = part;
      try {
        await work();
        return { ...(rest as P), destroyedAt: stamp() };
      } catch (error) {
        return { ...part, error: messageOf(error) };
      }
    };
    const droplet = await attempt(destruction.droplet, async () => {
      const view = await look(cloud);
      await removeDroplets(
        cloud,
        view,
        view.droplets.filter((one) => String(one.id) === id),
      );
    });
    const parts: Destruction["parts"][number][] = [];
    for (const part of destruction.parts)
      parts.push(
        await attempt(part, async () => {
          await associated.find((one) => one.kind === part.kind)?.remove(cloud, part.id);
        }),
      );
    await putResource<Destruction>(cloud, destructionKind, id, { droplet, parts, completedAt: stamp() });
  });
}
