import { inspect } from "node:util";
import { expect, test } from "vitest";
import { contentKey, filled, SecretText, secretsIn, secretText } from "../src/content.ts";
import { Secret } from "../src/secret.ts";

const password = new Secret("db.password");
const text = secretText`user = app\npassword = ${password}\nport = ${5432}\n`;

test("a text with secrets shows none, and is filled with what it is given", () => {
  for (const shown of [String(text), JSON.stringify(text), inspect(text)]) expect(shown).not.toContain("hunter22");
  expect(String(text)).toBe("user = app\npassword = [secret]\nport = 5432\n");
  expect(filled(text, () => "hunter22")).toBe("user = app\npassword = hunter22\nport = 5432\n");
  expect(filled(password, () => "hunter22")).toBe("hunter22");
  expect(filled("plain", () => "hunter22")).toBe("plain");
  expect(secretsIn(text)).toEqual([password]);
  expect(secretsIn("plain")).toEqual([]);
});

test("one content is told from another by its text and the names of its secrets", () => {
  const other = secretText`user = app\npassword = ${new Secret("db.other")}\nport = ${5432}\n`;
  expect(contentKey(text)).not.toBe(contentKey(other));
  expect(contentKey(text)).toBe(contentKey(new SecretText(text.parts)));
  expect(contentKey(password)).toBe("db.password");
});
