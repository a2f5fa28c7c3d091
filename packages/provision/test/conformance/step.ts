import { setTimeout as pause } from "node:timers/promises";

/** Does one thing and goes on whatever comes of it; undefined when it failed. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>;

export const region = "nyc3";
/** What all droplets of the scenario are. */
export const common = { region, size: "s-1vcpu-1gb", image: "debian-12-x64" };
const waitMs = 90_000;

export async function until(done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + waitMs; !(await done()); await pause(200))
    if (Date.now() > end) throw new Error(`not done within ${waitMs / 1_000} s`);
}
