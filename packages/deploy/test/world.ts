import { createHash } from "node:crypto";
import type { App, Release } from "@slipway/model";
import { otherSlot, writerId } from "../src/names.ts";
import { plan, type Seen, type SeenContainer, type Wanted } from "../src/plan.ts";
import { type History, historyOf, type ReleaseRecord } from "../src/record.ts";
import { type Step, together } from "../src/steps.ts";
import { containersOf } from "../src/topology.ts";

export const app: App = {
  name: "ledger",
  hostname: "_",
  services: [
    {
      name: "core",
      port: 8080,
      ready: "/readyz",
      routes: ["/api"],
      data: true,
      events: { writes: { opened: 1 }, reads: { opened: [1] } },
      secrets: ["token"],
    },
    { name: "web", port: 8081, ready: "/readyz", routes: ["/"] },
    { name: "mail", reads: ["core"] },
  ],
};

export interface Wish {
  readonly commit: string;
  readonly secret: string;
}

const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
export const secretsOf = (wish: Wish): Record<string, string> => ({ "core/token": sum(wish.secret) });

export const release = (wish: Wish): Omit<Release, symbol> => ({
  repository: "ledger",
  commit: wish.commit,
  app,
  images: Object.fromEntries(app.services.map(({ name }) => [name, `sha256:${sum(name + wish.commit)}`])),
  signer: "f".repeat(40),
  finishedAt: "2026-11-23T00:00:00Z",
});

export function wanted(world: World, wish: Wish): Wanted {
  world.fence += 1;
  return {
    action: "deploy",
    release: release(wish),
    secrets: secretsOf(wish),
    id: `d${world.fence}`,
    by: "test",
    fence: world.fence,
  };
}

class Died extends Error {}

/** A host reduced to what plans are about. Runs steps in single effects, may die between any two, and checks the promises at each. */
export class World {
  fence = 0;
  readonly containers = new Map<string, SeenContainer & { env: string; active: boolean; explicitlyStopped: boolean }>();
  readonly green = new Set<string>();
  readonly writers: Record<string, string> = {};
  readonly records: { at: number; record: ReleaseRecord }[] = [];
  readonly images: Record<string, string> = {};
  readonly secrets: Record<string, string> = {};
  site: string | undefined;
  siteLoaded = false;
  onEffect: (step: Step) => void = () => undefined;

  history(): History {
    return historyOf(this.records);
  }

  seen(): Seen {
    return {
      containers: [...this.containers.values()],
      green: new Set(this.green),
      writers: { ...this.writers },
      ...(this.site === undefined ? {} : { site: this.site }),
      siteLoaded: this.siteLoaded,
      history: this.history(),
      images: { ...this.images },
      secrets: { ...this.secrets },
      listening: new Set(),
      ipv6: false,
    };
  }

  /** Runs until nothing is to do, or until `dies` effects happened. Whether it finished. */
  converge(wish: Wish | undefined, dies = Number.POSITIVE_INFINITY): boolean {
    let left = dies;
    const effect = (step: Step, change: () => void): void => {
      if (left <= 0) throw new Died();
      left -= 1;
      change();
      this.#check();
      this.onEffect(step);
    };
    try {
      for (let round = 0; round < 4; round += 1) {
        const { steps } = plan(this.seen(), wish === undefined ? undefined : wanted(this, wish));
        if (steps.length === 0) return true;
        // Steps that run at once may end in any order; half of the runs try the other one.
        for (const group of together(steps))
          for (const step of dies % 2 === 1 ? group.toReversed() : group)
            this.#apply(step, wish, (change) => effect(step, change));
      }
    } catch (thrown) {
      if (thrown instanceof Died) return false;
      throw thrown;
    }
    throw new Error("does not converge");
  }

  stop(name: string): void {
    const one = this.containers.get(name);
    if (one !== undefined)
      this.containers.set(name, { ...one, running: false, active: false, explicitlyStopped: true });
  }

  #start(name: string): void {
    const one = this.containers.get(name);
    if (one === undefined) throw new Error(`no container ${name}`);
    // As a writer does: it is active at its start only when the file names it.
    const active = this.writers[one.service] === one.env;
    this.containers.set(name, { ...one, running: true, active, explicitlyStopped: false });
  }

  reboot(): void {
    for (const { name, running } of this.containers.values().toArray()) {
      if (!running) continue;
      this.stop(name);
      this.#start(name);
    }
    this.siteLoaded = this.site !== undefined;
    this.#check();
  }

  serving(service: string): boolean {
    const slot = this.green.has(service) ? "green" : "blue";
    const up = (color: string): boolean => this.containers.get(`ledger-${service}-${color}`)?.running === true;
    return up(slot) || up(otherSlot(slot));
  }

  #record(record: ReleaseRecord): void {
    this.records.push({ at: this.records.length, record });
  }

  #check(): void {
    const writing = [...this.containers.values()].filter(
      (one) => one.service === "core" && one.running && one.active && this.writers["core"] === one.env,
    );
    if (writing.length > 1) throw new Error(`two writers: ${writing.map((one) => one.name).join(" and ")}`);
  }

  #apply(step: Step, wish: Wish | undefined, effect: (change: () => void) => void): unknown {
    switch (step.do) {
      case "begin":
        return effect(() => this.#record({ kind: "intent", deployment: step.deployment }));
      case "images":
        for (const [name, id] of Object.entries(step.images)) effect(() => (this.images[name] = id));
        return undefined;
      case "secrets":
        for (const service of step.services)
          effect(() => {
            const value = wish?.secret ?? "one";
            this.secrets[`${step.deployment.slot}/${service}/token`] = sum(value);
          });
        return undefined;
      case "create":
        return effect(() => {
          if (this.containers.has(step.container)) throw new Error(`${step.container} exists`);
          const spec = containersOf(step.deployment).find((one) => one.name === step.container);
          if (spec === undefined) throw new Error(`no spec of ${step.container}`);
          if (this.images[spec.image] !== spec.imageId) throw new Error(`no image ${spec.image}`);
          const { name, service, slot, imageId } = spec;
          const { commit, id } = step.deployment;
          this.containers.set(name, {
            name,
            service,
            slot,
            imageId,
            release: commit,
            deployment: id,
            env: writerId(commit, slot),
            running: false,
            active: false,
            explicitlyStopped: false,
          });
        });
      case "start":
        return effect(() => this.#start(step.container));
      case "gate":
        return effect(() => {
          if (this.containers.get(step.container)?.running !== true) throw new Error(`${step.container} does not run`);
        });
      case "site":
        effect(() => {
          this.site = step.text;
          this.siteLoaded = false;
        });
        return effect(() => (this.siteLoaded = step.text !== undefined));
      case "flags":
        for (const service of ["core", "web"])
          effect(() => {
            if (step.green.includes(service)) this.green.add(service);
            else this.green.delete(service);
          });
        return undefined;
      case "stop":
        return effect(() => this.stop(step.container));
      case "commit":
        return effect(() => this.#record({ kind: "commit", id: step.deployment.id, streams: {} }));
      case "writer":
        return effect(() => {
          this.writers[step.service] = step.release;
        });
      case "promote":
        return effect(() => {
          const one = this.containers.get(step.container);
          if (one?.running !== true || one.env !== this.writers[step.service])
            throw new Error(`${step.container} cannot be active`);
          this.containers.set(step.container, { ...one, active: true });
        });
      case "remove":
        return effect(() => {
          if (this.containers.get(step.container)?.running === true) throw new Error(`${step.container} still runs`);
          this.containers.delete(step.container);
        });
      case "done":
        return effect(() => this.#record({ kind: "done", id: step.id }));
      case "undone":
        return effect(() => this.#record({ kind: "undone", id: step.id, reason: "test" }));
      default:
        return effect(() => undefined);
    }
  }

  /** What is not as it should be when `wish` alone runs. */
  settled(wish: Wish): readonly string[] {
    const wrong: string[] = [];
    const current = this.history().current?.deployment;
    if (current?.commit !== wish.commit) wrong.push(`the record says ${current?.commit}`);
    const slot = current?.slot ?? "blue";
    const names = app.services.map(({ name }) => `ledger-${name}-${slot}`).toSorted();
    const there = [...this.containers.keys()].toSorted();
    if (String(there) !== String(names)) wrong.push(`containers: ${there.join(" ")}`);
    for (const one of this.containers.values()) if (!one.running) wrong.push(`${one.name} is stopped`);
    if (this.containers.get(`ledger-core-${slot}`)?.active !== true) wrong.push("core is not active");
    if (this.writers["core"] !== writerId(wish.commit, slot)) wrong.push(`the writer is ${this.writers["core"]}`);
    if (this.green.size !== (slot === "green" ? 2 : 0)) wrong.push(`flags: ${[...this.green].join(" ")}`);
    if (!this.siteLoaded) wrong.push("nginx does not serve the site");
    return wrong;
  }
}
