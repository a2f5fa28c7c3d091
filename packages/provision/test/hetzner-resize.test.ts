import { expect, test } from "vitest";
import { hetzner } from "../src/hetzner/client.ts";
import { machineOf, machinesOf } from "../src/hetzner/machines.ts";
import { hurriedClock } from "./support/clock.ts";
import { seenServer } from "./support/hetzner-server.ts";
import { want } from "./support/resources.ts";

const server = seenServer({ labels: { "slipway.stack": "shop", "slipway.host": "web" } });

test("a server whose new type cannot be had is switched on again", async () => {
  let { status } = server;
  const acts: string[] = [];
  const clock = hurriedClock();
  const client = await hetzner({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock,
    fetch: (url, { method }) => {
      const say = (code: number, body: object): Promise<Response> =>
        Promise.resolve(new Response(JSON.stringify(body), { status: code }));
      if (method === "GET") return say(200, { server: { ...server, status } });
      const command = new URL(url).pathname.split("/").at(-1) ?? "";
      acts.push(command);
      if (command === "change_type")
        return say(412, { error: { code: "resource_unavailable", message: "cx33 is not available in nbg1" } });
      status = command === "poweron" ? "running" : "off";
      return say(201, { action: { id: acts.length, command, status: "success" } });
    },
  });
  const context = { client, stack: "shop", clock, signal: undefined };
  const asked = want("web", { region: "nbg1", size: "cx33", image: "debian-12" });
  const resized = machinesOf(context).update(machineOf(server, "shop"), asked, ["size"], new Map());
  await expect(resized).rejects.toMatchObject({ code: "cloud.refused" });
  expect(acts).toEqual(["shutdown", "change_type", "poweron"]);
});
