// Run by tests as a process of its own, to be killed: provisions a stack of two hosts and prints each step, or destroys it.
import { readFileSync } from "node:fs";
import { ssh } from "@slipway/connection";
import {
  applyProvision,
  destroyStack,
  droplet,
  observe,
  openCloud,
  planProvision,
  server,
  wantedOf,
} from "../../src/index.ts";

const [stack = "", keyFile = "", what = "provision", at = "digitalocean"] = process.argv.slice(2);
const privateKey = readFileSync(keyFile, "utf8");
const operatorKey = readFileSync(`${keyFile}.pub`, "utf8").trim();
const on =
  at === "hetzner"
    ? server({ cloud: "local", location: "nbg1", type: "cpx11" })
    : droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const hosts = [
  { name: "one", on },
  { name: "two", on },
];

await using cloud = await openCloud(hosts, { name: stack });
const { provider } = cloud;
if (what === "destroy") {
  console.log("destroying");
  await destroyStack({ provider, onEvent: (event) => console.log(event.step) });
} else {
  const wanted = wantedOf(hosts, [], operatorKey);
  const plan = planProvision(wanted, await observe(provider, { wanted }), { stack });
  const result = await applyProvision(plan, {
    provider,
    connect: (address, signal) => ssh(address, { privateKey }, { signal }),
    onEvent: (event) => console.log(event.step),
  });
  if (result.failed.length > 0) throw result.failed[0]?.error;
  console.log(`done ${result.machines.length} ${result.changes}`);
}
