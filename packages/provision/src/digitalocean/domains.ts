import { CallError } from "../client/request.ts";
import { fail } from "../errors.ts";
import type { Links, Makes } from "../provider.ts";
import { addressFor, type Seen, type WantedRecord } from "../resource.ts";
import { twinsOf } from "../twins.ts";
import { appeared, type Context, goneIsGood } from "./context.ts";
import { bodyOf, domainMarker, markerHost, readZone, recordMarker, stackOfMarker, type Zone } from "./zone.ts";

/** Domains and their records. Marked first and made then, so that what a killed run left is found. */
export function domainsOf(context: Context, stack: string): { domain: Makes<"domain">; record: Makes<"record"> } {
  const { client } = context;
  const lines = new Map<string, Promise<unknown>>();
  /** One at a time for each domain: two records of one name share a marker. */
  const alone = <T>(domain: string, work: () => Promise<T>): Promise<T> => {
    const before = lines.get(domain) ?? Promise.resolve();
    const mine = before.then(work, work);
    lines.set(
      domain,
      mine.catch(() => {}),
    );
    return mine;
  };
  const zone = async (domain: string): Promise<Zone> => {
    const found = await readZone(context, stack, domain);
    if (found === undefined) throw fail("plan.stale", `there is no domain ${domain}`);
    return found;
  };
  const mark = async (domain: string, host: string, text: string, markers: Zone["markers"]): Promise<void> => {
    if (markers.some((one) => one.host === host && one.text === text)) return;
    await client.records.create(domain, { type: "TXT", name: host, data: text, ttl: 1_800 });
  };
  const unmark = async (domain: string, host: string, text: string, markers: Zone["markers"]): Promise<void> => {
    for (const one of markers) if (one.host === host && one.text === text) await client.records.remove(domain, one.id);
  };
  const markDomain = async (domain: string): Promise<void> =>
    mark(domain, markerHost("@"), domainMarker(stack), (await zone(domain)).markers);
  /** A domain that is there, but was not when the plan was made. */
  const share = async (name: string, taken: CallError): Promise<void> => {
    const whose = async (): Promise<Zone | undefined> => {
      const now = await readZone(context, stack, name);
      return now !== undefined && (now.domain.ours || now.domain.owners !== undefined) ? now : undefined;
    };
    const { domain } = (await appeared(context, whose)) ?? (await readZone(context, stack, name)) ?? {};
    // Another account has it.
    if (domain === undefined) throw taken;
    if (domain.owners !== undefined || !(domain.ours || domain.empty))
      throw fail("plan.stale", `somebody else made domain ${name} since the plan was made`);
  };
  /** Of the records that operators made alike at the same time, the first stays. */
  const settle = async (wanted: WantedRecord, made: Seen<"record">): Promise<string> => {
    const { records } = await zone(wanted.domain);
    const [first = made] = twinsOf(records.find(({ id }) => id === made.id) ?? made, records);
    if (first.id !== made.id) await goneIsGood(() => client.records.remove(wanted.domain, Number(made.id)));
    return first.id;
  };
  const lower = (record: WantedRecord): WantedRecord => ({ ...record, host: record.host.toLowerCase() });

  return {
    domain: {
      async create({ name }, _links, { begun }) {
        try {
          await client.domains.create({ name });
        } catch (error) {
          if (!(error instanceof CallError && error.code === "name.taken")) throw error;
          // Else made by a former run that died before it marked it.
          if (!begun) await share(name, error);
        }
        await alone(name, () => markDomain(name));
        return { kind: "domain", name, id: name, ours: true, dollarsMonthly: 0, empty: true };
      },
      update: () => Promise.resolve(),
      remove: ({ name }) =>
        alone(name, async () => {
          const now = await readZone(context, stack, name);
          if (now === undefined) return;
          // What others put into it is theirs: then only the mark goes.
          const others =
            now.records.some((one) => !one.ours && !(one.type === "NS" && one.host === "@")) ||
            now.markers.some((one) => stackOfMarker(one.text) !== stack);
          if (others) await unmark(name, markerHost("@"), domainMarker(stack), now.markers);
          else await client.domains.remove(name);
        }),
      adopt: ({ name }) => alone(name, () => markDomain(name)),
    },
    record: {
      create: (asked, links, { begun }) =>
        alone(asked.domain, async () => {
          const wanted = lower(asked);
          const data = filled(wanted, links);
          const { domain, host } = wanted;
          const same = (all: Zone): Seen<"record"> | undefined =>
            all.records.find((one) => one.host === host && one.type === wanted.type && one.data === data);
          const now = await zone(domain);
          const lost = begun ? await appeared(context, async () => same(await zone(domain))) : same(now);
          await mark(domain, markerHost(host), recordMarker(stack, { type: wanted.type, data }), now.markers);
          const seen = { ...wanted, id: "", ours: true, dollarsMonthly: 0, data };
          if (lost !== undefined) return { ...seen, id: lost.id };
          const made = { ...seen, id: String((await client.records.create(domain, bodyOf(wanted, data))).id) };
          return { ...made, id: await settle(wanted, made) };
        }),
      update: (seen, asked, _fields, links) =>
        alone(seen.domain, async () => {
          const wanted = lower(asked);
          const data = filled(wanted, links);
          const { domain, host, type } = wanted;
          const { markers } = await zone(domain);
          const next = recordMarker(stack, { type, data });
          await mark(domain, markerHost(host), next, markers);
          await client.records.update(domain, Number(seen.id), bodyOf(wanted, data));
          const last = recordMarker(stack, seen);
          if (last !== next) await unmark(domain, markerHost(host), last, markers);
        }),
      remove: (seen) =>
        alone(seen.domain, async () => {
          const now = await readZone(context, stack, seen.domain);
          if (now === undefined) return;
          await goneIsGood(() => client.records.remove(seen.domain, Number(seen.id)));
          const text = recordMarker(stack, seen);
          const shared = now.records.some(
            (one) => one.id !== seen.id && one.host === seen.host && recordMarker(stack, one) === text,
          );
          if (!shared) await unmark(seen.domain, markerHost(seen.host), text, now.markers);
        }),
      adopt: (seen) =>
        alone(seen.domain, async () =>
          mark(seen.domain, markerHost(seen.host), recordMarker(stack, seen), (await zone(seen.domain)).markers),
        ),
    },
  };
}

/** The data of a record once what it leads to is known. */
function filled({ name, type, data }: WantedRecord, links: Links): string {
  if (typeof data === "string") return data;
  const address = addressFor(type, links.get(data.of));
  if (address === "") throw fail("plan.stale", `the address of ${data.of}, for the record ${name}, is not known`);
  return address;
}
