import type { Call, Reply, Route } from "../http.ts";
import { time } from "./action-bodies.ts";
import { datacenters, locationIn } from "./catalog.ts";
import { droplets, type Face } from "./face.ts";
import { readNotes } from "./notes.ts";
import { page } from "./pages.ts";
import { unknown } from "./refusal.ts";
import { addressOf, noteKey, pointerOf, primaryIpId } from "./server-bodies.ts";

/** The addresses that servers are made with, and that go with them. */
export const primaryIpRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/primary_ips", async (call) => page(call, "primary_ips", await bodies(face, call), ["ip"])],
  ["GET", "/v1/primary_ips/:id", (call, id = "") => one(face, call, id)],
];

async function bodies(face: Face, call: Call): Promise<readonly { readonly id: number }[]> {
  const [all, notes] = await Promise.all([droplets(face, call), readNotes(face.cloud)]);
  return all.flatMap((droplet) => {
    const ip = addressOf(droplet, "public");
    const location = locationIn(droplet.region.slug ?? "");
    const body = {
      id: primaryIpId(droplet.id),
      name: `primary_ip-${primaryIpId(droplet.id)}`,
      ip,
      type: "ipv4",
      assignee_id: droplet.id,
      assignee_type: "server",
      auto_delete: true,
      blocked: false,
      created: time(droplet.created_at),
      location,
      datacenter: datacenters.find((each) => each.location === location),
      dns_ptr: [{ ip, dns_ptr: pointerOf(notes.of(noteKey(droplet)), ip) }],
      labels: {},
      protection: { delete: false },
    };
    return ip === "" ? [] : [body];
  });
}

async function one(face: Face, call: Call, id: string): Promise<Reply> {
  const found = (await bodies(face, call)).find((each) => String(each.id) === id);
  if (found === undefined) throw unknown("primary_ip", id);
  return { status: 200, body: { primary_ip: found } };
}
