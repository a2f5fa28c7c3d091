import { expect, test } from "vitest";
import { domainRoutes } from "../src/local/domains.ts";
import type { Call } from "../src/local/http.ts";
import { labelledCloud } from "./support/labels-engine.ts";

test("no record has the id of one that is gone, however soon it comes", async () => {
  const routes = domainRoutes(labelledCloud(`r${process.pid}`).cloud);
  const say = async (
    method: string,
    path: string,
    body: Call["body"],
    ...names: readonly string[]
  ): Promise<object> => {
    const handler = routes.find((route) => route[0] === method && route[1] === path)?.[2];
    const call: Call = { method, path, query: new URLSearchParams(), headers: {}, body, base: "" };
    return (await handler?.(call, ...names))?.body ?? {};
  };
  const records = "/v2/domains/:name/records";
  const add = async (): Promise<number> => {
    const made = await say("POST", records, { type: "A", name: "web", data: "192.0.2.1" }, "example.org");
    return (made as { domain_record: { id: number } }).domain_record.id;
  };
  const remove = (id: number) => say("DELETE", `${records}/:id`, {}, "example.org", String(id));
  await say("POST", "/v2/domains", { name: "example.org" });
  const ids: number[] = [];
  for (let made = 0; made < 3; made += 1) {
    const [one, two] = [await add(), await add()];
    ids.push(one, two);
    await remove(two);
    await remove(one);
  }
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
});
