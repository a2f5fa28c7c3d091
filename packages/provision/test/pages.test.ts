import { expect, test } from "vitest";
import { digitalOcean } from "../src/client/client.ts";
import { hurriedClock } from "./support/clock.ts";

/** A client of a cloud whose one list is what `at` says at each request, 200 to a page. */
const listing = (
  at: (request: number) => readonly number[],
  next = (page: number): string => `https://other.test/v2/regions?page=${page}`,
) => {
  const asked: URL[] = [];
  const client = digitalOcean({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock: hurriedClock(),
    limits: [],
    fetch: (address) => {
      const url = new URL(address);
      asked.push(url);
      const all = at(asked.length);
      const page = Number(url.searchParams.get("page"));
      const size = Number(url.searchParams.get("per_page"));
      const shown = all.slice((page - 1) * size, page * size).map((id) => ({ name: `d${id}`, id, slug: `s${id}` }));
      const links = page * size < all.length ? { pages: { next: next(page + 1) } } : {};
      const body = { snapshots: null, images: shown, links, meta: { total: all.length } };
      return Promise.resolve(new Response(JSON.stringify(body)));
    },
  });
  return { asked, client };
};
const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => from + index);

test("reads all pages, 200 to each, and keeps to its own host and query", async () => {
  const { asked, client } = listing(() => numbers(431));
  const all = await (await client).images.list({ tag: "a:b" });
  expect(all.map(({ id }) => id)).toEqual(numbers(431));
  expect(asked.map((url) => url.href)).toEqual([
    "http://cloud.test/v2/images?tag_name=a%3Ab&per_page=200&page=1",
    "http://cloud.test/v2/images?tag_name=a%3Ab&per_page=200&page=2",
    "http://cloud.test/v2/images?tag_name=a%3Ab&per_page=200&page=3",
  ]);
});

test("a list that loses one while it is read is read again, so that none is missed", async () => {
  // Once the first page was read, item 1 goes, and what was item 201 is on the first page.
  const { asked, client } = listing((request) => (request === 1 ? numbers(401) : numbers(400, 2)));
  expect((await (await client).images.list()).map(({ id }) => id)).toEqual(numbers(400, 2));
  expect(asked).toHaveLength(2 + 2);
});

test("one that always moves is given after some tries, each item once", async () => {
  const { asked, client } = listing((request) => [...numbers(request, 1_000), ...numbers(250)]);
  const ids = (await (await client).images.list()).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(asked).toHaveLength(6);
});

test("null is an empty list, and a next page that does not go forward does not hold it up", async () => {
  const { client } = listing(() => []);
  expect(await (await client).snapshots.list()).toEqual([]);
  const { client: stuck } = listing(
    () => numbers(250),
    () => "https://other.test/v2/images?page=1",
  );
  expect(await (await stuck).images.list()).toHaveLength(250);
});
