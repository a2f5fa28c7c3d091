import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Engine } from "../src/local/engine.ts";
import { dropImage, sweepImages } from "../src/local/own-images.ts";

/** An engine that fails as Docker does when it is told to remove images twice at a moment; a removal takes a while. */
function removingEngine(dangling: readonly string[], used: readonly string[] = []) {
  const removed: string[] = [];
  let busy = false;
  const call: Engine["call"] = async (method, path, { accept = [] } = {}) => {
    const answer = (status: number, body: unknown) => {
      if (status >= 400 && !accept.includes(status)) throw new Error(`${status} ${path}`);
      return { status, text: JSON.stringify(body), json: () => body };
    };
    if (method === "GET")
      return answer(
        200,
        dangling.map((Id) => ({ Id })),
      );
    if (busy) return answer(path === "/images/prune" ? 409 : 500, { message: "unrecognized image ID" });
    busy = true;
    await setTimeout(20);
    busy = false;
    if (path.startsWith("/images/") && used.some((id) => path.endsWith(id))) return answer(409, {});
    removed.push(path);
    return answer(200, []);
  };
  return { engine: { call } satisfies Engine, removed };
}

test("images of a cloud are removed one at a time, whoever asks", async () => {
  const { engine, removed } = removingEngine(["sha256:root", "sha256:half"]);
  const cloud = { engine, name: `t${process.pid}` };
  await Promise.all([sweepImages(cloud), dropImage(cloud, "slipway/snapshot:one"), sweepImages(cloud)]);
  expect(new Set(removed)).toEqual(
    new Set(["/images/sha256:root", "/images/sha256:half", "/images/slipway/snapshot:one"]),
  );
});

test("what a container is made of stays, and the rest is swept", async () => {
  const { engine, removed } = removingEngine(["sha256:used", "sha256:half"], ["sha256:used"]);
  await sweepImages({ engine, name: `t${process.pid}-used` });
  expect(removed).toEqual(["/images/sha256:half"]);
});
