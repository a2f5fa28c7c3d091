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

/** Does one order at the cloud as a run of its own, says each step, and gives the last words: `done …` or `refused CODE EXIT-CODE`. */
export async function operate(
  order: Order,
  { say, go }: { readonly say: (what: string) => void; readonly go: () => Promise<unknown> },
): Promise<string> {
  const { stack, operator, url, lagMs } = order;
  try {
    const client = await digitalOcean({ url, lagMs, token: () => Promise.resolve(order.token), limits: [] });
    const provider = digitalOceanProvider(client, { stack });
    if (order.do === "destroy") {
      await destroyStack({ provider, onEvent: ({ ref, step }) => say(`${ref} ${step}`) });
      return "done";
    }
    const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
    const hosts = order.hosts.map((name) => ({ name, on }));
    const wanted = wantedOf(hosts, resourcesFor(hosts, order), operator.publicKey);
    const plan = planProvision(wanted, await observe(provider, { wanted }), { stack });
    say("planned");
    if (order.do === "plan, wait, apply") await go();
    const { changes, failed, machines } = await applyProvision(plan, {
      provider,
      connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
      onEvent: ({ ref, step }) => say(`${ref} ${step}`),
    });
    const [first] = failed;
    if (first !== undefined) throw first.error;
    return `done ${machines.length} machines, ${changes} changes`;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof SlipwayError ? `refused ${error.code} ${error.exitCode}` : `refused ${String(error)}`;
  }
}
