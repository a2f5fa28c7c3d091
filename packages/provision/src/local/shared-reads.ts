import { coalesced } from "./coalesced.ts";
import type { Answer, Engine } from "./engine.ts";

/**
 * The same engine, of which those who read the same at once share the readings. Each still reads what is there when it asks, or newer: see
 * {@link coalesced}. An engine takes longer to list what it has than to do most of what it is told, and a cloud lists it for every call.
 */
export function sharedReads(engine: Engine): Engine {
  const readings = new Map<string, { readonly read: () => Promise<Answer>; users: number }>();
  return {
    async call(method, path, options = {}) {
      // Whoever may give up reading reads alone.
      if (method !== "GET" || options.signal !== undefined) return engine.call(method, path, options);
      const key = JSON.stringify([path, options.query, options.accept]);
      const reading = readings.get(key) ?? {
        read: coalesced(async () => parsedOnce(await engine.call(method, path, options))),
        users: 0,
      };
      readings.set(key, reading);
      reading.users += 1;
      try {
        return await reading.read();
      } finally {
        reading.users -= 1;
        if (reading.users === 0) readings.delete(key);
      }
    },
  };
}

/** Those who share an answer also share what is read from it, which nobody changes. */
function parsedOnce(answer: Answer): Answer {
  let parsed: { readonly value: unknown } | undefined;
  return {
    ...answer,
    json: () => {
      parsed ??= { value: answer.json() };
      return parsed.value;
    },
  };
}
