import { reachable } from "../collect/collector.ts";
import type { RuleConfig } from "./rule.ts";

const minute = 60_000;
const limit = (warning: number, critical: number, margin: number) =>
  ({ by: "limit", unit: "share", warning, critical, margin }) as const;

/** What is watched on every host unless it is said otherwise. */
export const hostDefaults: readonly RuleConfig[] = [
  { id: "host.reachable", title: "host cannot be reached", service: reachable, judge: { by: "state" } },
  {
    id: "host.cpu",
    title: "cpu is busy",
    service: "cpu",
    judge: limit(0.9, 0.95, 0.05),
    policy: { forMs: 5 * minute, clearMs: minute },
  },
  {
    id: "host.load",
    title: "load per core is high",
    service: "load",
    judge: { ...limit(3, 8, 0.5), unit: "number" },
    policy: { forMs: 5 * minute, clearMs: minute },
  },
  {
    id: "host.memory",
    title: "memory is short",
    service: "memory",
    judge: limit(0.85, 0.95, 0.03),
    policy: { forMs: 2 * minute, clearMs: minute },
  },
  {
    id: "host.disk",
    title: "disk is filling up",
    service: "disk *",
    // A tenth of a large disk is plenty.
    judge: { ...limit(0.9, 0.95, 0.01), and: { attribute: "freeBytes", below: 50 * 1024 ** 3 } },
    policy: { clearMs: minute },
  },
  {
    id: "host.inodes",
    title: "inodes are running out",
    service: "inodes *",
    judge: limit(0.9, 0.95, 0.01),
    policy: { clearMs: minute },
  },
  {
    id: "host.swap",
    title: "swap is in use",
    service: "swap",
    judge: limit(0.4, 0.5, 0.05),
    policy: { forMs: 5 * minute, clearMs: minute },
  },
  {
    id: "host.units",
    title: "units have failed",
    service: "units failed",
    judge: { by: "limit", unit: "number", warning: 1, margin: 0 },
    policy: { forMs: minute },
  },
];
