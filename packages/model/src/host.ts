import type { AnyProperty, Distro, GivenBy, Os, Props } from "./property.ts";

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

/** Declares a host. Throws `property.wrong-os` where types were bypassed. */
export function host<O extends Os, const P extends Props<O>>(
  name: string,
  spec: HostSpec<O, P>,
): Host<O, GivenBy<P[number]>> {
  for (const one of spec.has) one.on(spec.os.os);
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
