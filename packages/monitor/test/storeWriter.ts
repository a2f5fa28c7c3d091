import { systemClock } from "@slipway/model";
import { openMetricStore } from "../src/store/metricStore.ts";

// Run as a child by the test that kills it: writes sample n at minute-less steps of 1 s and prints n after each flush.
const [file = ""] = process.argv.slice(2);
const store = await openMetricStore({ file, clock: systemClock, rawMs: Number.MAX_SAFE_INTEGER });
const seen = store.query({ host: "h", service: "s", from: 0, to: 1e9, points: 1 }).max.at(-1) ?? -1;
for (let n = seen + 1; ; n += 1) {
  for (let series = 0; series < 10; series += 1) store.append("h", series === 0 ? "s" : `s${series}`, n * 1_000, n);
  store.flush();
  process.stdout.write(`${n}\n`);
}
