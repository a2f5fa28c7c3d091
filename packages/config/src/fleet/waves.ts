import { fail } from "../errors.ts";

/** So many, or so much of all. */
export type Share = number | `${number}%`;

/** Hosts that are configured together; the next wave begins when all of them are seen to be well. */
export interface Wave {
  readonly hosts: readonly string[];
  /** Goes first so that a mistake meets few. */
  readonly canary: boolean;
}

export interface WaveOptions {
  /** So many hosts go before all others. Default: none. */
  readonly canary?: number;
  /** At most so many hosts are in change at the same time. Default: all. */
  readonly atOnce?: Share;
}

/** How many hosts a share is, at least one. Throws `config.bad-argument` for what is no whole number above 0 and no percentage up to 100. */
export function countOf(share: Share, of: number, round: "up" | "down"): number {
  const percent = typeof share === "string";
  const value = percent ? Number(/^(\d+(?:\.\d+)?)%$/.exec(share)?.[1]) : share;
  if (!(value > 0) || (percent ? value > 100 : !Number.isInteger(value)))
    throw fail("config.bad-argument", `${share} is no number of hosts`, {
      hint: "Give a whole number above 0, or a percentage such as 25%.",
    });
  if (!percent) return value;
  const exact = (of * value) / 100;
  return Math.max(1, round === "up" ? Math.ceil(exact) : Math.floor(exact));
}

/** Splits hosts into waves, in their order. Pure. */
export function waves(hosts: readonly string[], options: WaveOptions = {}): readonly Wave[] {
  const { canary, atOnce } = options;
  const size = atOnce === undefined ? Math.max(1, hosts.length) : countOf(atOnce, hosts.length, "down");
  const first = canary === undefined ? 0 : Math.min(countOf(canary, hosts.length, "down"), hosts.length);
  const cut = (part: readonly string[], isCanary: boolean): readonly Wave[] =>
    Array.from({ length: Math.ceil(part.length / size) }, (_, index) => ({
      hosts: part.slice(index * size, (index + 1) * size),
      canary: isCanary,
    }));
  return [...cut(hosts.slice(0, first), true), ...cut(hosts.slice(first), false)];
}
