import { inspect } from "node:util";
import { expect, test } from "vitest";
import { errorsOf, SlipwayError } from "../src/errors.ts";
import { Secret } from "../src/secret.ts";

test("a secret shows itself nowhere", () => {
  const secret = new Secret("db.password");
  expect(String(secret)).toBe("[secret]");
  expect(inspect({ secret })).toContain("[secret]");
  expect(JSON.stringify(secret)).toBe('{"secret":"db.password"}');
});

test("only a Secret is one", () => {
  // @ts-expect-error a look-alike is refused
  const forged: Secret = { name: "db.password" };
  expect(Secret.is(forged)).toBe(false);
  expect(Secret.is(new Secret("a"))).toBe(true);
  // @ts-expect-error a secret is not its value
  const value: string = new Secret("a");
  expect(typeof value).toBe("object");
});

test("errors carry code, hint and exit code from their package's table", () => {
  const fail = errorsOf({ "host.unknown": { exitCode: 2, hint: "Name a host of ops.config.ts." } });
  const error = fail("host.unknown", "there is no host web-9", { cause: new Error("x") });
  expect(error).toBeInstanceOf(SlipwayError);
  expect({ ...error.toJSON(), exit: error.exitCode }).toEqual({
    code: "host.unknown",
    message: "there is no host web-9",
    hint: "Name a host of ops.config.ts.",
    exit: 2,
  });
  // @ts-expect-error codes are those of the table
  expect(() => fail("host.unknwon", "x")).not.toThrow();
});
