import { createInterface } from "node:readline";
import { ssh } from "@slipway/connection";
import { SlipwayError } from "@slipway/model";
import {
  applyProvision,
  destroyStack,
  digitalOcean,
  digitalOceanProvider,
  droplet,
  observe,
  planProvision,
  wantedOf,
} from "@slipway/provision";
import { type Order, resourcesFor } from "./provisioning.ts";

/** As a program: does one order of its standard input at the cloud, says each step, and ends with `done …` or `refused CODE EXIT-CODE`. */
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const next = async (): Promise<string> => (await lines.next()).value ?? "";
const order = JSON.parse(await next()) as Order;
const { stack, operator } = order;
const say = (what: string): boolean => process.stdout.write(`${what}\n`);
const { url, lagMs } = order;
const client = await digitalOcean({ url, lagMs, token: () => Promise.resolve(order.token), limits: [] });
const provider = digitalOceanProvider(client, { stack });

try {
  if (order.do === "destroy") {
    await destroyStack({ provider, onEvent: ({ ref, step }) => say(`${ref} ${step}`) });
    say("done");
  } else {
    const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
    const hosts = order.hosts.map((name) => ({ name, on }));
    const wanted = wantedOf(hosts, resourcesFor(hosts, order), operator.publicKey);
    const plan = planProvision(wanted, await observe(provider, { wanted }), { stack });
    say("planned");
    if (order.do === "plan, wait, apply") await next();
    const { changes, failed, machines } = await applyProvision(plan, {
      provider,
      connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
      onEvent: ({ ref, step }) => say(`${ref} ${step}`),
    });
    const [first] = failed;
    if (first !== undefined) throw first.error;
    say(`done ${machines.length} machines, ${changes} changes`);
  }
} catch (error) {
  say(error instanceof SlipwayError ? `refused ${error.code} ${error.exitCode}` : `refused ${String(error)}`);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
process.exit();
