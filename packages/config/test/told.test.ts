import { expect, test } from "vitest";
import { nginx } from "../src/index.ts";

test("a site tells its ports, names and what to watch", () => {
  const port = (number: number) => ({ kind: "port", port: number, protocol: "tcp", owner: "nginx", from: "anywhere" });
  const certificate = { chain: "/etc/ssl/a.pem", key: "/etc/ssl/a.key" };
  expect(nginx.serves("a.example.org", { port: 8080, certificate, aliases: ["b.example.org"] }).info).toEqual([
    port(80),
    port(443),
    { kind: "name", name: "a.example.org" },
    { kind: "name", name: "b.example.org" },
    {
      kind: "check",
      title: "a.example.org answers",
      check: { type: "url", url: "https://a.example.org/", status: 200 },
    },
  ]);
  expect(nginx.files("a.example.org", { root: "/srv/a", watched: false }).info).toEqual([
    port(80),
    { kind: "name", name: "a.example.org" },
  ]);
});
