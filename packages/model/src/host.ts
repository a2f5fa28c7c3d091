import { errorsOf } from "./errors.ts";
import type { HostInfo, PortTwice } from "./info.ts";
import type { Distro, Os } from "./os.ts";
import type { AnyProperty, GivenBy, Props } from "./property.ts";

/** Where a host's machine comes from; made by a provider such as `droplet(…)`. */
export interface Machine {
  readonly provider: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * A machine, its operating system and what is true of it. `in Gives`: a host that gives docker and nginx fits where docker
 * alone is asked.
 */
export interface Host<out O extends Os = Os, in Gives extends string = never> {
  readonly name: string;
  readonly os: O;
  readonly distro: Distro<O>;
  readonly on: Machine;
  readonly has: readonly AnyProperty[];
  /** Whether its properties give it that; at run time any text may be asked. */
  readonly can: (what: Gives) => boolean;
}

export interface HostSpec<O extends Os, P> {
  readonly on: Machine;
  readonly os: Distro<O>;
  readonly has: P;
}

const fail = errorsOf({
  "host.port-twice": { exitCode: 2, hint: "Give one of the two another port." },
});

/** Throws `host.port-twice` when two different things would listen on one port. */
export function refusePortsTwice(name: string, has: readonly AnyProperty[]): void {
  const owners = new Map<string, string>();
  for (const info of has.flatMap((one) => one.info)) {
    if (info.kind !== "port") continue;
    const port = `${info.port}/${info.protocol}`;
    const other = owners.get(port) ?? info.owner;
    if (other !== info.owner)
      throw fail("host.port-twice", `on ${name} both ${other} and ${info.owner} want port ${port}`);
    owners.set(port, other);
  }
}

/** What is known of a host before it is connected to; a platform adds addresses and host keys. */
export const hostInfo = (of: Pick<Host, "name" | "os" | "distro" | "has">): HostInfo => ({
  name: of.name,
  os: of.os,
  version: of.distro.version,
  info: of.has.flatMap((one) => one.info),
});

type Once<Port> = [Port] extends [never] ? unknown : { readonly "two things want the port": Port };

/** Declares a host. Throws `property.wrong-os` where types were bypassed, `host.port-twice`. */
export function host<O extends Os, const P extends Props<O>>(
  name: string,
  spec: HostSpec<O, P & Once<PortTwice<GivenBy<P[number]>>>>,
): Host<O, GivenBy<P[number]>> {
  for (const one of spec.has) one.on(spec.os.os);
  refusePortsTwice(name, spec.has);
  const given: ReadonlySet<string> = new Set(spec.has.flatMap((one) => one.gives));
  return Object.freeze({
    name,
    os: spec.os.os,
    distro: spec.os,
    on: spec.on,
    has: spec.has,
    can: (what: string) => given.has(what),
  });
}
