import { expect, test } from "vitest";
import { environmentOf } from "../src/platform/release.ts";
import type { Session } from "../src/platform/session.ts";

const session = { project: { platform: { deployments: {} } } } as Session;

test("what every object has is no environment", () => {
  for (const name of ["constructor", "toString", "__proto__", ""])
    expect(() => environmentOf(session, name), name).toThrow(`there is no environment ${name}; known: none`);
});
