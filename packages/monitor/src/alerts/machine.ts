import type { Alert, Severity } from "@slipway/model";

/** What a condition says now. "unknown": it cannot be told, so nothing is concluded. */
export type Grade = "ok" | Severity | "unknown";

export interface Observation {
  readonly grade: Grade;
  readonly title: string;
  readonly host: string;
  readonly service: string;
  /** With the values that were seen: `status 502 ≠ 200`. */
  readonly description: string;
}

export interface AlertPolicy {
  /** How long it must be bad before it is announced. */
  readonly forMs: number;
  /** How long it must be ok before it is resolved. */
  readonly clearMs: number;
  /** Announced again after so long while it is bad; 0: never. */
  readonly remindMs: number;
  /** Half-life of the memory of former alerts. */
  readonly flapWindowMs: number;
  /** From the third alert in quick succession on, the time to resolve grows by this, doubled with each further one… */
  readonly flapMs: number;
  /** …up to this. */
  readonly maxClearMs: number;
}

export const defaultPolicy: AlertPolicy = {
  forMs: 0,
  clearMs: 0,
  remindMs: 4 * 3_600_000,
  flapWindowMs: 30 * 60_000,
  flapMs: 2 * 60_000,
  maxClearMs: 30 * 60_000,
};

/** Everything that is remembered of one condition. Plain data: it is stored as JSON. */
export interface AlertState extends Observation {
  readonly key: string;
  readonly phase: "ok" | "pending" | "firing";
  /** The worst of the present alert. */
  readonly severity: Severity;
  readonly badMs: number;
  readonly calmMs: number;
  /** Since the last announcement. */
  readonly quietMs: number;
  /** Alerts so far; numbers them. */
  readonly fires: number;
  /** Announcements of the present alert. */
  readonly told: number;
  /** How often it turned bad of late, fading by half every flapWindowMs. */
  readonly heat: number;
  /** Wall time of the first bad observation of the present alert. */
  readonly since: number;
}

export interface Announcement {
  /** Unique and stable: a receiver that gets it twice can tell. */
  readonly id: string;
  readonly kind: "firing" | "worse" | "reminder" | "resolved";
  readonly at: number;
  readonly alert: Alert;
}

export interface Step {
  /** Wall time, for the record only; nothing is decided by it, so it may jump. */
  readonly at: number;
  /** Monotonic time since the step before; 0 for the first one after a restart, so an own outage counts for nothing. */
  readonly elapsedMs: number;
  readonly seen?: Observation;
}

export const firstState = (key: string): AlertState => ({
  key,
  phase: "ok",
  grade: "ok",
  severity: "warning",
  title: "",
  host: "",
  service: "",
  description: "",
  badMs: 0,
  calmMs: 0,
  quietMs: 0,
  fires: 0,
  told: 0,
  heat: 0,
  since: 0,
});

const bad = (grade: Grade): grade is Severity => grade === "warning" || grade === "critical";
const worst = (a: Severity, b: Severity): Severity => (a === "critical" ? a : b);
const maxHeat = 8;

/** The time of calm that resolves the alert now. */
export function calmNeeded(state: AlertState, policy: AlertPolicy): number {
  const hot = Math.floor(state.heat);
  const extra = hot < 2 ? 0 : policy.flapMs * 2 ** (hot - 2);
  return Math.max(policy.clearMs, Math.min(policy.clearMs + extra, policy.maxClearMs));
}

/**
 * ok → pending → firing → ok. Time that passed counts for what was seen before it; time while it is unknown counts for nothing.
 * Severity only rises within one alert. Pure: same state, step and policy, same result.
 */
export function step(
  state: AlertState,
  { at, elapsedMs, seen }: Step,
  policy: AlertPolicy,
): { readonly state: AlertState; readonly announcements: readonly Announcement[] } {
  const next = { ...state };
  next.heat = state.heat * 0.5 ** (elapsedMs / policy.flapWindowMs);
  next.quietMs += elapsedMs;
  if (bad(state.grade)) next.badMs += elapsedMs;
  if (state.grade === "ok") next.calmMs += elapsedMs;
  if (seen !== undefined) Object.assign(next, appear(next, seen, at));

  const announcements: Announcement[] = [];
  const tell = (kind: Announcement["kind"]): void => {
    next.told += 1;
    next.quietMs = 0;
    const id = alertId(next);
    announcements.push({
      id: `${id}/${next.told}`,
      kind,
      at,
      alert: alertOf(next, kind === "resolved" ? at : undefined),
    });
  };

  if (next.phase === "pending" && bad(next.grade) && next.badMs >= policy.forMs) {
    next.phase = "firing";
    next.severity = next.grade;
    next.fires += 1;
    next.told = 0;
    next.heat = Math.min(next.heat + 1, maxHeat);
    tell("firing");
  } else if (next.phase === "firing" && next.grade === "ok" && next.calmMs >= calmNeeded(next, policy)) {
    tell("resolved");
    next.phase = "ok";
  } else if (next.phase === "firing" && bad(next.grade)) {
    if (worst(next.severity, next.grade) !== next.severity) {
      next.severity = next.grade;
      tell("worse");
    } else if (policy.remindMs > 0 && next.quietMs >= policy.remindMs) tell("reminder");
  }
  return { state: next, announcements };
}

/** Ends a condition that is watched no longer. */
export function withdraw(state: AlertState, at: number, reason: string): ReturnType<typeof step> {
  const calm: AlertPolicy = { ...defaultPolicy, clearMs: 0, maxClearMs: 0 };
  const seen: Observation = { ...state, grade: "ok", description: reason };
  return step(state, { at, elapsedMs: 0, seen }, calm);
}

function appear(state: AlertState, seen: Observation, at: number): Partial<AlertState> {
  const { title, host, service, description, grade } = seen;
  // While it is unknown the last known description stands: it says why the alert fires.
  const shown = {
    title,
    host,
    service,
    grade,
    description: grade === "unknown" && state.description !== "" ? state.description : description,
  };
  if (grade === "ok") {
    const calmMs = bad(state.grade) ? 0 : state.calmMs;
    return state.phase === "pending" ? { ...shown, phase: "ok", calmMs } : { ...shown, calmMs };
  }
  if (!bad(grade)) return shown;
  if (state.phase === "ok") return { ...shown, phase: "pending", since: at, badMs: 0, calmMs: 0 };
  // Bad again before it was resolved: that flaps too, though nothing was announced.
  const again = state.phase === "firing" && state.grade === "ok";
  return { ...shown, calmMs: 0, heat: again ? Math.min(state.heat + 1, maxHeat) : state.heat };
}

const alertId = (state: AlertState): string => `${state.key}#${state.fires}`;

/** The alert that is firing, or has just ended. */
export function alertOf(state: AlertState, resolvedAt?: number): Alert {
  const { key, title, severity, host, service, since, description } = state;
  const alert = { id: alertId(state), key, title, severity, host, service, since, description };
  return resolvedAt === undefined ? alert : { ...alert, resolvedAt };
}
