import type { Call, Reply, Route } from "../http.ts";
import type { Cloud } from "../state.ts";
import { datacenters, find, locations, pricing, serverTypes } from "./catalog.ts";
import type { Face } from "./face.ts";
import { firewallRoutes } from "./firewalls.ts";
import { floatingIpRoutes } from "./floating-ips.ts";
import { imageRoutes } from "./images.ts";
import { insideOf } from "./inside.ts";
import { keyRoutes } from "./keys.ts";
import { page } from "./pages.ts";
import { primaryIpRoutes } from "./primary-ips.ts";
import { unknown } from "./refusal.ts";
import { actionRoutes } from "./server-actions.ts";
import { serverRoutes } from "./servers.ts";
import { volumeRoutes } from "./volumes.ts";

/**
 * Hetzner's Cloud API v1 over the same cloud as `routes`, which are DigitalOcean's: each call is made of calls of those. What only Hetzner has
 * (labels, protection, names of addresses) is kept beside in notes.
 */
export function hetznerRoutes(cloud: Cloud, routes: readonly Route[]): readonly Route[] {
  const face: Face = { cloud, inside: insideOf(routes) };
  return [
    ...actionRoutes(face),
    ...serverRoutes(face),
    ...keyRoutes(face),
    ...imageRoutes(face),
    ...volumeRoutes(face),
    ...firewallRoutes(face),
    ...floatingIpRoutes(face),
    ...primaryIpRoutes(face),
    ...described("server_type", serverTypes),
    ...described("location", locations),
    ...described("datacenter", datacenters),
    ...described("iso", []),
    ...described("network", []),
    ...described("placement_group", []),
    ...described("load_balancer", []),
    ...described("load_balancer_type", []),
    ...described("certificate", []),
    ["GET", "/v1/pricing", (): Reply => ({ status: 200, body: { pricing } })],
  ];
}

/** What cannot be changed: a list, and each by its number. */
const described = (name: string, all: readonly { readonly id: number; readonly name: string }[]): readonly Route[] => [
  ["GET", `/v1/${name}s`, (call: Call) => page(call, `${name}s`, all)],
  [
    "GET",
    `/v1/${name}s/:id`,
    (_call: Call, id = ""): Reply => {
      const found = find(all, id);
      if (found === undefined || String(found.id) !== id) throw unknown(name, id);
      return { status: 200, body: { [name]: found } };
    },
  ],
];
