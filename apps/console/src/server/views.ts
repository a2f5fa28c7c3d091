import type { Run } from "@slipway/ci";
import type { Plan } from "@slipway/config";
import type { Status } from "@slipway/deploy";
import type { Alert, Host } from "@slipway/model";
import type { CheckStatus, HostStatus } from "@slipway/monitor";
import type { MachineInfo } from "@slipway/provision";
import type {
  AlertView,
  CheckView,
  HostView,
  PropertyState,
  PropertyView,
  ReleaseView,
  RunView,
  StepState,
} from "./api.ts";

/** Pure: what the packages tell, as the page shows it. */

const propertyStates = {
  ok: "ok",
  change: "change",
  unknown: "unknown",
  skipped: "ok",
  remove: "change",
  kept: "ok",
  unreadable: "unknown",
} as const satisfies Record<Plan["items"][number]["state"], PropertyState>;

/** Items that belong to one property are shown as one; it holds when all of them do. */
export function propertyViews(items: Plan["items"]): readonly PropertyView[] {
  const groups = new Map<string, PropertyView["parts"]>();
  for (const item of items) {
    const title = item.within[0] ?? item.property;
    const part = {
      title: item.property,
      state: propertyStates[item.state],
      ...(item.diff === undefined ? {} : { detail: item.diff }),
    };
    groups.set(title, [...(groups.get(title) ?? []), part]);
  }
  return [...groups].map(([title, parts]) => ({
    title,
    parts,
    state:
      parts.find((part) => part.state === "change")?.state ??
      parts.find((part) => part.state === "unknown")?.state ??
      "ok",
  }));
}

export function hostView(
  host: Host,
  seen: {
    readonly machine: MachineInfo | undefined;
    readonly reachable: boolean;
    readonly plan: { readonly plan: Plan; readonly at: number } | undefined;
    readonly metrics: HostStatus | undefined;
  },
): HostView {
  const { machine, plan, metrics } = seen;
  const values = Object.entries(metrics?.metrics ?? {}).map(([service, view]): [string, number] => [
    service,
    view.metric,
  ]);
  const disks = values.filter(([service]) => service.startsWith("disk ")).map(([, value]) => value);
  return {
    name: host.name,
    address: machine?.address,
    status:
      machine === undefined
        ? "absent"
        : machine.status !== "active" || !seen.reachable || metrics?.state === "unreachable"
          ? "unreachable"
          : "up",
    os: `${host.distro.os} ${host.distro.version}`,
    properties: propertyViews(plan?.plan.items ?? []),
    checkedAt: plan?.at,
    metrics: { ...Object.fromEntries(values), ...(disks.length === 0 ? {} : { disk: Math.max(...disks) }) },
  };
}

export const runView = (repository: string, run: Run): RunView => ({
  id: run.id,
  repository,
  commit: run.commit,
  subject: run.subject,
  author: run.author,
  state: run.state,
  queuedAt: run.queuedAt,
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
  failedStep: run.failedStep,
  reason: run.state === "failed" ? (run.message ?? "it failed") : undefined,
  steps: run.steps.map((step) => ({
    name: step.name,
    needs: step.needs,
    state:
      step.cachedFrom !== undefined
        ? "cached"
        : ((step.state === "timed out" ? "failed" : step.state) satisfies StepState),
    ms: step.seconds === undefined ? undefined : step.seconds * 1_000,
  })),
});

export function releaseView(environment: string, app: string, status: Status): ReleaseView {
  const { current } = status;
  return {
    environment,
    app,
    host: status.host,
    commit: current?.deployment.commit,
    since: current?.committedAt ?? current?.startedAt,
    signer: current?.deployment.signer,
    services: status.containers
      .filter((one) => one.serving || one.state === "running" || one.release === current?.deployment.commit)
      .map((one) => ({ name: one.service, slot: one.slot, state: one.state, commit: one.release })),
    history: status.history.toReversed().map((known) => ({
      at: known.startedAt,
      commit: known.deployment.commit,
      action: known.deployment.action,
      outcome: known.outcome === "superseded" || known.committedAt !== undefined ? "done" : known.outcome,
    })),
  };
}

export const checkView = (check: CheckStatus): CheckView => ({
  title: check.name.replace(/^http (?=http)/, ""),
  state: check.state === "ok" ? "up" : check.state === "unknown" ? "unknown" : "down",
  description: [check.metric === undefined ? "" : `${Math.round(check.metric)} ms`, check.description]
    .filter((part) => part !== "")
    .join(" · "),
  since: check.time,
});

export const alertView = (alert: Alert): AlertView => ({
  id: alert.id,
  title: alert.title,
  severity: alert.severity,
  host: alert.host,
  since: alert.since,
  resolvedAt: alert.resolvedAt,
  description: alert.description,
});
