import { hurriedClock } from "./support/clock.ts";
import { memoryCloud, memoryProvider } from "./support/memory.ts";
import { providerContract } from "./support/provider-contract.ts";

const of = memoryCloud();

providerContract("the cloud in memory", {
  open: (stack = "memory") =>
    Promise.resolve({
      provider: memoryProvider(of, { stack, clock: hurriedClock(), lagMs: 0 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  machine: { region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", otherRegion: "ams3" },
});
