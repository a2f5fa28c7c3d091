import { clock, docker } from "@slipway/config";
import { itemsOf } from "@slipway/config/engine/items";
import { debian, host, type Machine, secretsIn } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
import { expect, test } from "vitest";
import { effective } from "../src/platform/effective.ts";
import { existing, inContainer, thisMachine } from "../src/platform/targets.ts";

const ci = host("ci", {
  on: droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" }),
  os: debian("12"),
  has: [clock.synchronised, docker.installed],
});
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh someone";

test("a host gets its logins, repositories and the files of its stations, secrets only by name", () => {
  const whole = effective(ci, {
    rootKeys: [key],
    git: { repositories: ["ledger"], keys: [key] },
    stations: [{ role: "ci", settings: { repositories: ["ledger"] }, secrets: ["ci.signing-key"] }],
  });
  const titles = itemsOf(whole).map((item) => item.claim.title);
  expect(titles).toEqual(
    expect.arrayContaining([
      "/root/.ssh/authorized_keys has its content",
      "/srv/git/ledger.git is a repository",
      "/etc/slipway/ci.json has its content",
      "/etc/slipway/secrets/ci.signing-key has its content",
    ]),
  );
  const secrets = itemsOf(whole).flatMap((item) => item.claim.secrets.flatMap(secretsIn).map((secret) => secret.name));
  expect(secrets).toEqual(["ci.signing-key"]);
});

test("a host without stations gets no folder for them", () => {
  const titles = itemsOf(effective(ci, { rootKeys: [key], stations: [] })).map((item) => item.claim.title);
  expect(titles.filter((title) => title.includes("/etc/slipway/secrets"))).toEqual([]);
});

test("a machine that was there keeps the keys of others, and nobody logs in to a container or this machine", () => {
  const titles = (on: Machine) =>
    itemsOf(effective({ ...ci, on, has: [] }, { rootKeys: [key], stations: [] })).map((item) => item.claim.title);
  expect(titles(existing({ address: "192.0.2.7", hostKey: key }))).toEqual(["root may also log in as someone"]);
  expect(titles(inContainer("web"))).toEqual([]);
  expect(titles(thisMachine)).toEqual([]);
  const seen = (stdout: string) => {
    const [item] = itemsOf(
      effective({ ...ci, on: existing({ address: "a", hostKey: key }), has: [] }, { rootKeys: [key], stations: [] }),
    );
    if (item === undefined || "together" in item.claim.observe) throw new Error("no reading");
    return item.claim.plan(item.claim.observe.parse(stdout, 0) as never, { digest: () => undefined });
  };
  expect(seen(`ssh-rsa AAAA of others\n${key}\n`)).toEqual([]);
  expect(seen("ssh-rsa AAAA of others\n")).toEqual([["sh", "-c", expect.stringContaining(">>"), "sh", key]]);
});
