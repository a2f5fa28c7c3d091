import { expect, test } from "vitest";
import { z } from "zod";
import { documentOf } from "./conformance/document.ts";
import { differences, examplesOf } from "./conformance/shapes.ts";
import { type Exchange, validator } from "./conformance/validator.ts";

const json = (schema: object, more: object = {}) => ({ content: { "application/json": { schema, ...more } } });
const source = {
  openapi: "3.0.0",
  paths: {
    "/v2/things": {
      get: {
        parameters: [{ name: "page", in: "query", schema: { type: "integer", minimum: 1 } }],
        responses: {
          200: json({ properties: { things: { type: "array", items: { $ref: "#/components/schemas/thing" } } } }),
          default: json({ required: ["message"], properties: { message: { type: "string" } } }),
        },
      },
      post: {
        requestBody: {
          required: true,
          ...json({
            anyOf: [{ $ref: "#/components/schemas/big" }, { $ref: "#/components/schemas/thing" }],
            discriminator: {
              propertyName: "kind",
              mapping: { big: "#/components/schemas/big", small: "#/components/schemas/thing" },
            },
          }),
        },
        responses: { 204: {} },
      },
    },
    "/v2/things/{thing_id}": {
      get: {
        parameters: [{ name: "thing_id", in: "path", required: true, schema: { type: "integer" } }],
        responses: { 200: json({ $ref: "#/components/schemas/thing" }, { example: { id: 7, note: null } }) },
      },
    },
    "/v2/things/default": { get: { responses: { 200: json({ type: "object" }) } } },
  },
  components: {
    schemas: {
      thing: {
        type: "object",
        required: ["id"],
        properties: {
          id: { type: "integer", readOnly: true, example: 1 },
          kind: { type: "string", enum: ["big", "small"] },
          note: { type: "string", nullable: true },
          tags: { type: "array", items: { type: "string", pattern: "^[a-z\\-\\:]+$" } },
        },
      },
      big: {
        allOf: [
          { $ref: "#/components/schemas/thing" },
          { required: ["weight"], properties: { weight: { type: "number" } } },
        ],
      },
    },
  },
};
const judge = validator(source);
const check = (change: Partial<Exchange>) => {
  const verdict = judge.check({
    method: "GET",
    url: "http://cloud.test/v2/things",
    headers: new Headers(),
    body: "",
    status: 200,
    answerHeaders: new Headers({ "content-type": "application/json; charset=utf-8" }),
    answer: '{"things":[]}',
    ...change,
  });
  return { request: verdict.request, answer: verdict.answer };
};
const good = { request: [], answer: [] };

test("what is as described passes", () => {
  expect(check({})).toEqual(good);
  expect(check({ url: "http://cloud.test/v2/things?page=2" })).toEqual(good);
  expect(check({ answer: '{"things":[{"id":1,"note":null,"tags":["a:b"]}]}' })).toEqual(good);
  expect(check({ status: 404, answer: '{"message":"no"}' })).toEqual(good);
  expect(judge.operationOf("GET", "http://cloud.test/v2/things/default")?.path).toBe("/v2/things/default");
});

test.each<[what: string, change: Partial<Exchange>, problem: RegExp]>([
  ["a path", { url: "http://cloud.test/v2/thing" }, /is not in the document/],
  ["a trailing slash", { url: "http://cloud.test/v2/things/" }, /is not in the document/],
  ["a query", { url: "http://cloud.test/v2/things?pages=1" }, /query pages is not described/],
  ["a query's type", { url: "http://cloud.test/v2/things?page=first" }, /query page\/value must be integer/],
  ["a query's range", { url: "http://cloud.test/v2/things?page=0" }, /query page\/value must be >= 1/],
  [
    "a part of the path",
    { url: "http://cloud.test/v2/things/x", answer: '{"id":1}' },
    /path thing_id.* must be integer/,
  ],
  ["a content type without a body", { headers: new Headers({ "content-type": "application/json" }) }, /without a body/],
  ["a body where there is none", { body: "{}" }, /a body where none is described/],
  ["a status", { status: 201 }, /status 201 is not described/],
  ["an answer's type", { answer: '{"things":[{"id":"1"}]}' }, /\/things\/0\/id must be integer/],
  ["a null", { answer: '{"things":[{"id":1,"tags":null}]}' }, /\/tags must be array/],
  ["a field that is needed", { answer: '{"things":[{}]}' }, /required property 'id'/],
  ["a field that is misspelt", { answer: '{"things":[{"id":1,"notes":"a"}]}' }, /things\/\*\/notes is not described/],
  ["an error without a message", { status: 500, answer: "{}" }, /required property 'message'/],
  ["an answer that is not JSON", { answer: "<html>" }, /is no JSON/],
  ["its content type", { answerHeaders: new Headers() }, /not JSON by its type/],
])("%s that is not as described is told", (_what, change, problem) => {
  const { request, answer } = check(change);
  expect([...request, ...answer].join()).toMatch(problem);
});

test("the body is held against the one member of a union that it says it is; what is read only need not be sent", () => {
  const post = (body: object) =>
    check({ method: "POST", body: JSON.stringify(body), status: 204, answer: "" }).request.join();
  expect(post({ kind: "small" })).toBe("");
  expect(post({ kind: "big", weight: 1 })).toBe("");
  expect(post({ kind: "big" })).toMatch(/required property 'weight'/);
  expect(post({ kind: "middle" })).toMatch(/allowed values/);
  expect(check({ method: "POST", status: 204, answer: "" }).request).toEqual(["the body is missing"]);
  expect(check({ method: "POST", body: '{"kind":"small"}', status: 204, answer: "{}" }).answer).toHaveLength(1);
});

test("our shapes read what the document has, as what it has it", () => {
  const document = documentOf(source);
  const operation = document.operations.find(({ path }) => path === "/v2/things/{thing_id}");
  if (operation === undefined) throw new Error("no operation");
  const told = (shape: z.ZodType) => differences(document, operation, shape);
  const note = z.string().nullish();
  expect(told(z.object({ id: z.int(), note, tags: z.array(z.string()) }))).toEqual([]);
  expect(told(z.object({ id: z.number(), kind: z.enum(["big", "small"]) }))).toEqual([]);
  expect(told(z.object({ id: z.string() }))).toEqual([expect.stringContaining("id may be integer")]);
  expect(told(z.object({ note: z.string() }))).toEqual([expect.stringContaining("note may be null")]);
  expect(told(z.object({ nota: note }))).toEqual([expect.stringContaining("nota is not in the document")]);
  expect(told(z.object({ kind: z.enum(["big"]) }))).toEqual([expect.stringContaining("kind may be small")]);
  expect(told(z.object({ tags: z.array(z.int()) }))).toEqual([expect.stringContaining("tags/* may be string")]);
  expect(examplesOf(document, operation)).toEqual([{ status: 200, body: { id: 7, note: null } }]);
});
