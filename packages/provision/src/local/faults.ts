/** What goes wrong on purpose with a request: `after` lets the work be done before the answer is lost. */
export interface Fault {
  readonly status: 422 | 429 | 500 | 503 | "reset" | "slow";
  readonly when: "before" | "after";
  readonly retryAfterSeconds?: number;
  /** With "slow": how late the answer is. */
  readonly delayMs?: number;
}

/** How late a new droplet is in what clients see of it, in milliseconds after it was made. */
export interface Lateness {
  /** Lists do not show it before. */
  readonly listedMs?: number;
  /** Asked for by its id it is not found before. */
  readonly foundMs?: number;
  /** Its sshd does not start before, counted from its boot. */
  readonly sshMs?: number;
}

/** Asked about every request, and about every new droplet. */
export interface Faults {
  (call: { readonly method: string; readonly path: string }): Fault | undefined;
  readonly ofNewDroplet?: () => Lateness;
}

/** Kinds of faults as users name them. */
export const faultKinds = ["lag", "404", "422", "429", "500", "reset", "slow", "slow-ssh"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Faults of these kinds, each with this rate (0 to 1, default 0.2) wherever it may happen. The same seed gives the same faults for the same
 * order of requests.
 *
 * - `lag`: lists show a new droplet late, up to 3 s
 * - `404`: a new droplet is not found by its id, up to 2 s
 * - `422`: an action is refused with "Droplet already has a pending event."
 * - `429`: refused, and everything after it for the 1 or 2 s of its `retry-after`
 * - `500`: the work is done, the answer is an error; only where there is work
 * - `reset`: the connection is cut, before or after the work
 * - `slow`: an answer takes up to 2 s
 * - `slow-ssh`: sshd of a new droplet starts up to 15 s late
 */
export function faultsOf(
  kinds: readonly FaultKind[],
  options: { readonly rate?: number; readonly seed: number; readonly now?: () => number },
): Faults {
  const rate = options.rate ?? 0.2;
  const now = options.now ?? Date.now;
  let refusedUntil = 0;
  const random = seededRandom(options.seed);
  const hits = (kind: FaultKind): boolean => kinds.includes(kind) && random() < rate;
  const upTo = (most: number): number => Math.ceil(((1 + 2 * random()) / 3) * most);
  const ofCall: Faults = ({ method, path }) => {
    const works = method !== "GET" && method !== "HEAD";
    if (now() >= refusedUntil && hits("429")) refusedUntil = now() + upTo(2) * 1_000;
    if (now() < refusedUntil)
      return { status: 429, when: "before", retryAfterSeconds: Math.ceil((refusedUntil - now()) / 1_000) };
    if (method === "POST" && /\/actions(\?|$)/.test(path) && hits("422")) return { status: 422, when: "before" };
    if (works && hits("500")) return { status: 500, when: "after" };
    if (hits("reset")) return { status: "reset", when: works && random() < 0.5 ? "after" : "before" };
    if (hits("slow")) return { status: "slow", when: "before", delayMs: upTo(2_000) };
    return undefined;
  };
  const ofNewDroplet = (): Lateness => ({
    ...(hits("lag") && { listedMs: upTo(3_000) }),
    ...(hits("404") && { foundMs: upTo(2_000) }),
    ...(hits("slow-ssh") && { sshMs: upTo(15_000) }),
  });
  return Object.assign(ofCall, { ofNewDroplet });
}
