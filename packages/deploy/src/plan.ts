import type { Release } from "@slipway/model";
import { fail } from "./errors.ts";
import { otherSlot, type Slot, writerId } from "./names.ts";
import { nginxSite, type SiteOptions } from "./nginx.ts";
import { assignPorts } from "./ports.ts";
import type { Deployment, History } from "./record.ts";
import { type Step, titleOf } from "./steps.ts";
import { checkApp, containersOf, defaultStopSeconds, portServices, writersOf } from "./topology.ts";

/** A container that carries all our labels for the application. */
export interface SeenContainer {
  readonly name: string;
  readonly service: string;
  readonly slot: Slot;
  readonly release: string;
  readonly deployment: string;
  readonly imageId: string;
  readonly running: boolean;
}

/** What was seen on the host; everything a plan is made from. */
export interface Seen {
  readonly containers: readonly SeenContainer[];
  /** Services whose requests go to green. */
  readonly green: ReadonlySet<string>;
  /** Service → content of /data/writer. */
  readonly writers: Readonly<Record<string, string>>;
  readonly site?: string;
  /** Whether nginx serves `site` as it is on the disk. */
  readonly siteLoaded: boolean;
  readonly history: History;
  /** Image name → id. */
  readonly images: Readonly<Record<string, string>>;
  /** `slot/service/name` → SHA-256 of the delivered file. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly listening: ReadonlySet<number>;
  readonly ipv6: boolean;
}

/** What is asked for. */
export interface Wanted {
  readonly action: Deployment["action"];
  readonly release: Omit<Release, symbol>;
  /** `service/name` → SHA-256 of the secret's value. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the deployment that would begin. */
  readonly id: string;
  readonly by: string;
  readonly fence: number;
}

export interface Plan {
  /** `recover` puts the host in order first; plan again after it. `repair` restores what should run. */
  readonly phase: "nothing to do" | "recover" | "repair" | "deploy";
  readonly steps: readonly Step[];
}

export interface PlanOptions {
  readonly site?: SiteOptions;
  /** How many releases before the current one keep their images. Default 3. */
  readonly keep?: number;
}

/**
 * What has to happen, from what was seen: first finish or undo what an earlier run left, then bring the wanted release in, or with none
 * wanted only keep what is current in order. Empty when nothing has to happen. Steps are safe to stop after any of them: seen and planned
 * again, the host converges.
 */
export function plan(seen: Seen, wanted?: Wanted, options: PlanOptions = {}): Plan {
  const { pending, current } = seen.history;
  if (pending !== undefined) {
    const { deployment } = pending;
    if (pending.committedAt === undefined)
      return {
        phase: "recover",
        steps: [...reconcile(seen, current?.deployment, options), { do: "undone", id: deployment.id }],
      };
    return {
      phase: "recover",
      steps: [...reconcile(seen, deployment, options), ...ending(seen, deployment, options)],
    };
  }
  if (wanted === undefined || (current !== undefined && isSame(seen, current.deployment, wanted))) {
    const steps = reconcile(seen, current?.deployment, options);
    return { phase: steps.length === 0 ? "nothing to do" : "repair", steps };
  }
  const deployment = begin(seen, wanted);
  return {
    phase: "deploy",
    steps: [
      { do: "begin", deployment },
      ...reconcile(seen, deployment, options, "commit"),
      ...ending(seen, deployment, options),
    ],
  };
}

/** Whether what runs is what is wanted, secrets included. */
function isSame(seen: Seen, current: Deployment, wanted: Wanted): boolean {
  if (current.commit !== wanted.release.commit) return false;
  if (current.app.services.some(({ name }) => current.images[name] !== wanted.release.images[name])) return false;
  return Object.entries(wanted.secrets).every(([key, sum]) => seen.secrets[`${current.slot}/${key}`] === sum);
}

function begin(seen: Seen, wanted: Wanted): Deployment {
  const { app, commit, images, repository, signer } = wanted.release;
  checkApp(app);
  const current = seen.history.current?.deployment;
  const kept = current?.ports ?? seen.history.all.at(-1)?.deployment.ports ?? {};
  const own = new Set(Object.values(kept).flatMap((base) => [base, base + 1]));
  const slot = current === undefined ? "blue" : otherSlot(current.slot);
  const ports = assignPorts(app.name, portServices(app), kept, seen.listening.difference(own));
  for (const [service, base] of Object.entries(ports)) {
    const port = slot === "blue" ? base : base + 1;
    const holder = seen.containers.some(
      (container) => container.service === service && container.slot === slot && container.running,
    );
    if (seen.listening.has(port) && !holder)
      throw fail("deploy.port-taken", `port ${port} of ${app.name}-${service}-${slot} is taken by another program`);
  }
  const { id, by, fence, action } = wanted;
  return { id, action, commit, repository, signer, slot, app, images, ports, by, fence };
}

/** The steps after which exactly `target` runs and serves (`undefined`: nothing does). With `commit`, the target takes over for good. */
function reconcile(
  seen: Seen,
  target: Deployment | undefined,
  options: PlanOptions,
  mode: "commit" | "settled" = "settled",
): readonly Step[] {
  const steps: Step[] = [];
  const specs = target === undefined ? [] : containersOf(target);
  const byName = new Map(seen.containers.map((container) => [container.name, container]));
  const isTarget = (container: SeenContainer): boolean =>
    target !== undefined &&
    container.deployment === target.id &&
    specs.some((spec) => spec.name === container.name && spec.imageId === container.imageId);
  const { pending } = seen.history;
  const mustBeHealthy = pending === undefined || pending.committedAt !== undefined;
  const others = seen.containers.filter((container) => !isTarget(container));
  const missing = specs.filter((spec) => {
    const container = byName.get(spec.name);
    return container === undefined || !isTarget(container);
  });
  const stopped = specs.filter((spec) => missing.includes(spec) || byName.get(spec.name)?.running !== true);
  const isWriter = (container: SeenContainer): boolean => seen.writers[container.service] !== undefined;
  const stopOf = (container: SeenContainer): Step => ({
    do: "stop",
    container: container.name,
    seconds: stopSeconds(seen, container),
    writer: isWriter(container),
  });

  if (target !== undefined && missing.length > 0) {
    const images = Object.fromEntries(
      missing.filter((spec) => seen.images[spec.image] !== spec.imageId).map((spec) => [spec.image, spec.imageId]),
    );
    if (Object.keys(images).length > 0) steps.push({ do: "images", images });
    steps.push({ do: "folders", deployment: target });
    const secret = target.app.services.filter((service) => (service.secrets?.length ?? 0) > 0).map(({ name }) => name);
    if (secret.length > 0) steps.push({ do: "secrets", deployment: target, services: secret });
  }
  const writers = target === undefined ? [] : writersOf(target.app);
  if (target !== undefined && mode === "commit" && writers.length > 0)
    steps.push({ do: "backup", deployment: target, services: writers.map(({ name }) => name) });

  const blocking = others.filter((container) => missing.some((spec) => spec.name === container.name));
  for (const container of blocking) {
    if (container.running) steps.push(stopOf(container));
    steps.push({ do: "remove", container: container.name });
  }
  if (target !== undefined) {
    for (const { service, name: container } of missing)
      steps.push({ do: "create", deployment: target, service, container });
    for (const { service, name: container } of stopped) steps.push({ do: "start", service, container });
    const gated = mode === "commit" || pending !== undefined ? specs : stopped;
    for (const { service, name: container } of gated)
      steps.push({ do: "gate", deployment: target, service, container, mustBeHealthy });
    if (mode === "commit")
      steps.push({ do: "phase", id: target.id, phase: "healthy" }, { do: "verify", deployment: target });
  }

  const site = target === undefined ? undefined : siteOf(target, seen, options);
  if (site !== seen.site || (site !== undefined && !seen.siteLoaded))
    steps.push({ do: "site", text: site, takesDefault: target?.app.hostname === "_" });
  const green = target?.slot === "green" ? portServices(target.app) : [];
  const rest = others.filter((container) => !blocking.includes(container));
  const running = rest.filter((container) => container.running);
  if (mode === "commit" || green.length !== seen.green.size || !green.every((name) => seen.green.has(name))) {
    steps.push({ do: "flags", slot: target?.slot ?? "blue", green });
    if (running.length > 0) steps.push({ do: "drain" });
  }
  if (target !== undefined && mode === "commit") steps.push({ do: "phase", id: target.id, phase: "switched" });

  // Whoever calls a writer stops before it, so that its last calls are still answered.
  for (const container of [...running.filter((one) => !isWriter(one)), ...running.filter(isWriter)])
    steps.push(stopOf(container));

  if (target !== undefined) {
    if (mode === "commit") steps.push({ do: "commit", deployment: target, streams: writers.map(({ name }) => name) });
    for (const { name: service } of writers) {
      const release = writerId(target.commit, target.slot);
      const spec = specs.find((one) => one.service === service);
      const change = mode === "commit" || seen.writers[service] !== release;
      if (change) steps.push({ do: "writer", service, release });
      const unsure = change || pending !== undefined || stopped.some((one) => one.service === service);
      if (unsure && spec !== undefined)
        steps.push({ do: "promote", deployment: target, service, container: spec.name, mustBeHealthy });
    }
  }
  for (const container of rest) steps.push({ do: "remove", container: container.name });
  return steps;
}

const siteOf = (target: Deployment, seen: Seen, options: PlanOptions): string | undefined =>
  target.app.services.some((service) => (service.routes?.length ?? 0) > 0)
    ? nginxSite(target.app, target.ports, { ipv6: seen.ipv6, ...options.site })
    : undefined;

function stopSeconds(seen: Seen, container: SeenContainer): number {
  const known = seen.history.all.find((one) => one.deployment.id === container.deployment);
  const service = known?.deployment.app.services.find((one) => one.name === container.service);
  return service?.stopSeconds ?? defaultStopSeconds;
}

/** After the switch: what people read, what is no longer needed, and the last record. */
function ending(seen: Seen, deployment: Deployment, options: PlanOptions): readonly Step[] {
  const before = seen.history.all.filter((one) => one.committedAt !== undefined && one.deployment.id !== deployment.id);
  const kept = [deployment, ...before.toReversed().map((one) => one.deployment)];
  const commits = [...new Set(kept.map((one) => one.commit))].slice(0, 1 + (options.keep ?? 3));
  const imagesOf = (deployments: readonly Deployment[]): ReadonlySet<string> =>
    new Set(deployments.flatMap((one) => Object.values(one.images)));
  const images = {
    keep: imagesOf(kept.filter((one) => commits.includes(one.commit))),
    known: imagesOf([deployment, ...seen.history.all.map((one) => one.deployment)]),
  };
  return [
    { do: "phase", id: deployment.id, phase: "active" },
    { do: "compose", deployment },
    { do: "prune", deployment, images },
    { do: "done", id: deployment.id },
  ];
}

/** A plan as text, one step a line. */
export function formatPlan(plan: Plan): string {
  if (plan.steps.length === 0) return "nothing to do\n";
  const heading = plan.phase === "recover" ? "first, put in order what an earlier run left:\n" : "";
  return `${heading}${plan.steps.map((step) => `  ${titleOf(step)}\n`).join("")}`;
}
