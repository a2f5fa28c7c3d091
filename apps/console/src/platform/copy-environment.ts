import {
  addressFor,
  digestOf,
  type Ref,
  refOf,
  type Seen,
  type SeenMachine,
  type Wanted,
  type WantedOf,
} from "@slipway/provision";

export interface CopyOptions {
  /** Name of the other environment. Projects are named after it too: an account has each name once. */
  readonly to: string;
  /** What the file asks for in the other environment: its operator's key is taken, and user data, which no cloud tells. */
  readonly wanted: readonly Wanted[];
  /** Domains by their old name, to their new one; records of others are left out. */
  readonly domains: ReadonlyMap<string, string>;
}

export interface Copied {
  readonly wanted: readonly Wanted[];
  /** What the copy does not have, in words. */
  readonly left: readonly string[];
}

/** What must be asked of a cloud for an environment like one that was seen there. Pure. */
export function copyOf(seen: readonly Seen[], { to, wanted, domains }: CopyOptions): Copied {
  const ours = seen.filter((one) => one.ours && !(one.kind === "machine" && one.retired));
  const left: string[] = [];
  const copied = (one: Seen): readonly Wanted[] => {
    switch (one.kind) {
      case "machine":
        return [machine(one, wanted, left)];
      case "volume": {
        const { name, region, gigabytes, filesystem, machine: on } = one;
        left.push(`volume ${name}: what is on it`);
        return [
          {
            kind: "volume",
            name,
            region,
            gigabytes,
            protect: false,
            ...(filesystem === undefined ? {} : { filesystem }),
            ...(on === undefined ? {} : { machine: on }),
          },
        ];
      }
      case "firewall":
        return [
          {
            kind: "firewall",
            name: one.name,
            machines: ours.flatMap((each) =>
              each.kind === "machine" && each.firewalls.includes(one.name) ? [each.name] : [],
            ),
            inbound: one.inbound,
            outbound: one.outbound,
          },
        ];
      case "reserved-ip":
        return [{ kind: "reserved-ip", name: one.name, machine: one.machine }];
      case "project":
        return [
          {
            kind: "project",
            name: `${one.name}-${to}`,
            purpose: one.purpose,
            environment: one.environment,
            members: one.members.flatMap((ref) => mapped(ref, domains)),
          },
        ];
      case "domain": {
        const name = domains.get(one.name);
        if (name === undefined) left.push(`${refOf(one)} and its records: --domain ${one.name}=NEW copies them`);
        return name === undefined ? [] : [{ kind: "domain", name }];
      }
      case "record":
        return record(one, ours, domains);
      case "key":
        // The operator's is asked for by the other environment itself.
        return one.name === operator ? [] : [{ kind: "key", name: one.name, publicKey: one.publicKey }];
    }
  };
  const own = wanted.filter((one) => one.kind === "key" && one.name === operator);
  return { wanted: [...own, ...ours.flatMap(copied)], left };
}

const operator = "operator";

function machine(one: SeenMachine, wanted: readonly Wanted[], left: string[]): WantedOf<"machine"> {
  const { name, region, size, image, tags, backups, firewalls } = one;
  if (one.protect) left.push(`machine ${name}: its protection`);
  const other = wanted.find((each) => refOf(each) === refOf(one));
  const asked = other?.kind === "machine" ? other.userData : undefined;
  if (one.userDataDigest !== undefined && (asked === undefined || digestOf(asked) !== one.userDataDigest))
    left.push(
      asked === undefined
        ? `machine ${name}: its user data, which no cloud tells`
        : `machine ${name}: its user data; that of ops.config.ts, which is another, is taken`,
    );
  return {
    kind: "machine",
    name,
    region,
    size,
    image: image === "" && other?.kind === "machine" ? other.image : image,
    tags,
    protect: false,
    backups,
    firewalls,
    ...(one.ipv6 === true && { ipv6: true }),
    ...(asked === undefined ? {} : { userData: asked }),
  };
}

/** Members that are in the copy too. */
function mapped(ref: Ref, domains: ReadonlyMap<string, string>): readonly Ref[] {
  if (!ref.startsWith("domain ")) return [ref];
  const name = domains.get(ref.slice("domain ".length));
  return name === undefined ? [] : [refOf({ kind: "domain", name })];
}

/** A record under its new domain; an address of the environment becomes that of the same machine of the copy. */
function record(
  one: Seen<"record">,
  ours: readonly Seen[],
  domains: ReadonlyMap<string, string>,
): readonly WantedOf<"record">[] {
  const domain = domains.get(one.domain);
  // A zone brings its own name servers.
  if (domain === undefined || (one.type === "NS" && one.host === "@")) return [];
  const holder = ours.find((each) => one.data !== "" && addressFor(one.type, each) === one.data);
  const within = (text: string): string =>
    text === `${one.domain}.` || text.endsWith(`.${one.domain}.`)
      ? `${text.slice(0, text.length - one.domain.length - 1)}${domain}.`
      : text;
  const { id: _, ours: __, dollarsMonthly: ___, ...plain } = one;
  return [
    {
      ...plain,
      domain,
      name: one.name.startsWith(`${one.domain} `) ? `${domain}${one.name.slice(one.domain.length)}` : one.name,
      data: holder === undefined ? within(one.data) : { of: refOf(holder) },
    },
  ];
}
