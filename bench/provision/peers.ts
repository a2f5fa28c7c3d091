import { join } from "node:path";
import { answersSsh, digitalOcean } from "@slipway/provision";
import { hostContainer } from "@slipway/provision/local/container";
import { engineAt } from "@slipway/provision/local/engine";
import { ensureHostImage } from "@slipway/provision/local/image";
import { run } from "../config/process.ts";
import { cloudOf } from "./ours.ts";

export type Manner = "one by one" | "parallel";

/** Libcloud from the start of its process to the last login; the machines are removed afterwards. In ms. */
export async function libcloud(
  name: string,
  machines: number,
  manner: Manner,
  { keyFile, signal, bootMs = 0 }: { readonly keyFile: string; readonly signal: AbortSignal; readonly bootMs?: number },
): Promise<number> {
  await using cloud = await cloudOf(name, bootMs);
  const program = join(import.meta.dirname, "with_libcloud.py");
  const env = { CLOUD: cloud.url, TOKEN: cloud.token };
  try {
    return (await run(["/usr/bin/python3", program, String(machines), manner, keyFile], { env, signal })).ms;
  } finally {
    const token = (): Promise<string> => Promise.resolve(cloud.token);
    const client = await digitalOcean({ url: cloud.url, token, limits: [], timeoutMs: 300_000 });
    for (const { id } of await client.droplets.list()) await client.droplets.remove(id);
    for (const { id } of await client.keys.list()) await client.keys.remove(id);
  }
}

/** The floor: containers of the same image and recipe, all at once, until sshd greets. Nothing is asked of a cloud, nobody logs in. In ms. */
export async function floor(name: string, machines: number, signal: AbortSignal): Promise<number> {
  const engine = engineAt();
  const image = (await ensureHostImage(engine)).name;
  const network = `slipway-${name}`;
  const labels = { "slipway.bench": name };
  const ids: string[] = [];
  await engine.call("POST", "/networks/create", { body: { Name: network, Labels: labels } });
  const one = async (index: number): Promise<void> => {
    const container = `slipway.${name}.${index}`;
    const recipe = hostContainer({ container, hostname: "m", image, network, address: "", nameservers: [], labels });
    const body = { ...recipe, NetworkingConfig: {} };
    const made = await engine.call("POST", "/containers/create", { query: { name: container }, body });
    const id = (made.json() as { Id: string }).Id;
    ids.push(id);
    await engine.call("POST", `/containers/${id}/start`);
    const seen = (await engine.call("GET", `/containers/${id}/json`)).json() as {
      NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
    };
    const address = seen.NetworkSettings.Networks[network]?.IPAddress ?? "";
    while (!(await answersSsh(address, 22, signal))) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const began = performance.now();
  try {
    await Promise.all(Array.from({ length: machines }, (_, index) => one(index)));
    return performance.now() - began;
  } finally {
    const away = { query: { force: true, v: true } };
    await Promise.all(ids.map((id) => engine.call("DELETE", `/containers/${id}`, away)));
    await engine.call("DELETE", `/networks/${network}`);
  }
}
