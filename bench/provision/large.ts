import {
  changesOf,
  digitalOcean,
  digitalOceanProvider,
  droplet,
  generateSshKey,
  observe,
  type ProvisionPlan,
  planProvision,
  type Wanted,
  wantedOf,
} from "@slipway/provision";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { engineAt } from "@slipway/provision/local/engine";
import { noLimits } from "@slipway/provision/local/limits";
import { containerName, dropletLabels, newId } from "@slipway/provision/local/store";
import { tagsOf } from "@slipway/provision/tags";
import { recordedEngine } from "../trials/engine.ts";
import { front } from "../trials/front.ts";

export interface Large {
  readonly machines: number;
  readonly domains: number;
  readonly records: number;
  readonly calls: number;
  readonly ms: number;
  readonly changes: number;
}

const region = "lon1";
const size = "s-1vcpu-1gb";
const stack = "large";
const recordsEach = 5;

/** A plan for many machines and domains that are there, in this process: how many calls, how long. The machines are records of an engine. */
export async function large(machines: number, domains: number): Promise<Large> {
  await using engine = await recordedEngine();
  await using cloud = await startLocalCloud({ name: stack, dockerSocket: engine.socket, limits: noLimits });
  let calls = 0;
  await using counting = await front(cloud.url, {
    before() {
      calls += 1;
      return true;
    },
  });
  const token = (): Promise<string> => Promise.resolve(cloud.token);
  const client = await digitalOcean({ url: counting.url, token, limits: [] });
  const provider = digitalOceanProvider(client, { stack });

  const operator = generateSshKey("operator");
  const on = droplet({ cloud: "local", region, size });
  const hosts = Array.from({ length: machines }, (_, index) => ({ name: `m${index + 1}`, on }));
  const zones = Array.from({ length: domains }, (_, index) => `zone-${index + 1}.example.org`);
  const has = provider.traits.kinds.includes("record");
  const names = zones.flatMap((domain): Wanted[] => [
    { kind: "domain", name: domain },
    ...Array.from({ length: recordsEach }, (_, index): Wanted => {
      const host = `m${index + 1}`;
      return {
        kind: "record",
        name: `${domain} ${host} A`,
        domain,
        host,
        type: "A",
        data: `192.0.2.${index}`,
        ttl: 300,
      };
    }),
  ]);
  const wanted = [...wantedOf(hosts, [], operator.publicKey), ...(has ? names : [])];
  const plan = async (): Promise<ProvisionPlan> =>
    planProvision(wanted, await observe(provider, { wanted }), { stack });

  // What an apply would have left; the machines at once, as nobody logs in here.
  const raw = engineAt(engine.socket);
  let address = 0;
  for (const machine of wanted) {
    if (machine.kind !== "machine") continue;
    address += 1;
    const id = newId();
    const tags = tagsOf(stack, machine, generateSshKey("host").publicKey).filter((tag) => tag !== "slipway:fresh");
    const made = {
      name: machine.name,
      region,
      size,
      image: machine.image,
      tags,
      rootKeys: [],
      userData: "",
      volumes: [],
    };
    const labels = dropletLabels(stack, { id, action: newId() }, { ...made, options: { disk: 25 } });
    const Labels = { ...labels, "slipway.address": `10.128.0.${address}`, "slipway.network": `slipway-${stack}` };
    const query = { name: containerName(stack, id, machine.name) };
    const answer = await raw.call("POST", "/containers/create", { query, body: { Labels } });
    await raw.call("POST", `/containers/${(answer.json() as { Id: string }).Id}/start`);
  }
  await client.keys.create({ name: `slipway:${stack}:operator`, public_key: operator.publicKey });
  for (const one of has ? names : []) {
    const intent = { id: String(newId()), begun: false };
    if (one.kind === "domain") await provider.makes.domain?.create(one, new Map(), intent);
    else if (one.kind === "record") await provider.makes.record?.create(one, new Map(), intent);
  }
  await plan();
  calls = 0;
  const began = performance.now();
  const changes = changesOf(await plan());
  return {
    machines,
    domains: has ? domains : 0,
    records: has ? domains * recordsEach : 0,
    calls,
    ms: performance.now() - began,
    changes,
  };
}
