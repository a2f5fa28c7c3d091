import type { App, Service } from "@slipway/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCompose } from "../src/compose.ts";
import { createOptions } from "../src/effects.ts";
import { assignPorts, listeningPorts } from "../src/ports.ts";
import { checkApp, containersOf } from "../src/topology.ts";

const app: App = {
  name: "ledger",
  hostname: "_",
  services: [
    {
      name: "core",
      port: 8080,
      ready: "/readyz",
      routes: ["/api"],
      data: true,
      events: { writes: {}, reads: {} },
      secrets: ["token"],
      env: { PRICE: "5$" },
      stopSeconds: 7,
    },
    { name: "mail", data: true, reads: ["core"] },
  ],
};
const deployment = {
  id: "d1",
  commit: "c".repeat(40),
  slot: "green",
  app,
  images: { core: "sha256:1", mail: "sha256:2" },
  ports: { core: 20_000 },
} as const;

test("the compose file of a topology", () => {
  expect(formatCompose("ledger", containersOf(deployment))).toMatchInlineSnapshot(`
    "# Written by Slipway at each deployment. Changes made here have no effect.
    name: "ledger"
    services:
      "core":
        container_name: "ledger-core-green"
        image: "ledger/core:cccccccccccccccccccccccccccccccccccccccc"
        restart: unless-stopped
        stop_grace_period: 7s
        networks:
          - "slipway-ledger"
        labels:
          "slipway.app": "ledger"
          "slipway.deployment": "d1"
          "slipway.release": "cccccccccccccccccccccccccccccccccccccccc"
          "slipway.service": "core"
          "slipway.slot": "green"
        environment:
          "PORT": "8080"
          "PRICE": "5$$"
          "SLIPWAY_APP": "ledger"
          "SLIPWAY_RELEASE": "cccccccccccccccccccccccccccccccccccccccc/green"
          "SLIPWAY_SERVICE": "core"
          "SLIPWAY_SLOT": "green"
          "SLIPWAY_URL_CORE": "http://ledger-core-green:8080"
        ports:
          - "127.0.0.1:20001:8080"
        volumes:
          - "/var/lib/slipway/apps/ledger/core:/data"
          - "/var/lib/slipway/apps/ledger/secrets/green/core/token:/run/secrets/token:ro"
      "mail":
        container_name: "ledger-mail-green"
        image: "ledger/mail:cccccccccccccccccccccccccccccccccccccccc"
        restart: unless-stopped
        stop_grace_period: 20s
        networks:
          - "slipway-ledger"
        labels:
          "slipway.app": "ledger"
          "slipway.deployment": "d1"
          "slipway.release": "cccccccccccccccccccccccccccccccccccccccc"
          "slipway.service": "mail"
          "slipway.slot": "green"
        environment:
          "SLIPWAY_APP": "ledger"
          "SLIPWAY_RELEASE": "cccccccccccccccccccccccccccccccccccccccc/green"
          "SLIPWAY_SERVICE": "mail"
          "SLIPWAY_SLOT": "green"
          "SLIPWAY_URL_CORE": "http://ledger-core-green:8080"
        volumes:
          - "/var/lib/slipway/apps/ledger/mail:/data"
          - "/var/lib/slipway/apps/ledger/core:/data/core:ro"
    networks:
      "slipway-ledger":
        name: "slipway-ledger"
        external: true
    "
  `);
});

test("what the engine is asked for", () => {
  const [core, mail] = containersOf(deployment);
  if (core === undefined || mail === undefined) throw new Error("two services");
  expect(createOptions(core)).toMatchObject({
    name: "ledger-core-green",
    Image: `ledger/core:${deployment.commit}`,
    StopTimeout: 7,
    HostConfig: {
      RestartPolicy: { Name: "unless-stopped" },
      PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "20001" }] },
    },
  });
  expect(createOptions(mail, ["1000"]).HostConfig?.GroupAdd).toEqual(["1000"]);
});

describe("a description that cannot work is refused", () => {
  const core: Service = { name: "core", port: 80, ready: "/" };
  test.each<[string, Partial<App>]>([
    ["no service", { services: [] }],
    ["twice the same name", { services: [core, core] }],
    ["a name for a shell", { name: "a;rm -rf /" }],
    ["a host name for nginx", { hostname: "x; } server {" }],
    ["a service's name", { services: [{ name: "Core" }] }],
    ["the folder of the flags", { services: [{ name: "flags" }] }],
    ["port without ready", { services: [{ name: "core", port: 80 }] }],
    ["routes without port", { services: [{ name: "core", routes: ["/"] }] }],
    ["a route for nginx", { services: [{ ...core, routes: ["/a { return 200; }"] }] }],
    [
      "one route for two",
      {
        services: [
          { ...core, routes: ["/"] },
          { ...core, name: "b", routes: ["/"] },
        ],
      },
    ],
    ["reading nobody", { services: [{ ...core, reads: ["other"] }] }],
    ["reading who has nothing", { services: [core, { name: "b", reads: ["core"] }] }],
    ["events without data", { services: [{ ...core, events: { writes: {}, reads: {} } }] }],
    ["a secret that is a path", { services: [{ ...core, secrets: ["../x"] }] }],
  ])("%s", (_title, change) => {
    expect(() => checkApp({ ...app, ...change })).toThrow(
      expect.objectContaining({ code: "deploy.topology", exitCode: 2 }),
    );
  });
  test("and a good one is not", () => expect(() => checkApp(app)).not.toThrow());
});

describe("ports", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 30 });
  test("are the same for the same input, kept, in pairs, and never shared or taken", () => {
    fc.assert(
      fc.property(names, names, fc.uniqueArray(fc.integer({ min: 20_000, max: 20_100 })), (before, added, others) => {
        const taken = new Set(others);
        const kept = assignPorts("app", before);
        const all = [...new Set([...before, ...added])];
        const ports = assignPorts("app", all, kept, taken);
        expect(assignPorts("app", all, kept, taken)).toEqual(ports);
        for (const name of before) expect(ports[name]).toBe(kept[name]);
        const used = Object.values(ports).flatMap((base) => [base, base + 1]);
        expect(new Set(used).size).toBe(used.length);
        for (const [name, base] of Object.entries(ports))
          if (kept[name] === undefined) expect(taken.has(base) || taken.has(base + 1)).toBe(false);
      }),
    );
  });

  test("that listen are read from the kernel's table", () => {
    const table = `  sl  local_address rem_address   st
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000
   1: 0100007F:9C40 0100007F:4E20 01 00000000:00000000
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0`;
    expect(listeningPorts(table)).toEqual(new Set([20_000, 80]));
  });
});
