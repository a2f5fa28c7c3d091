import type { DigitalOcean } from "../../src/client/client.ts";
import { CallError } from "../../src/client/request.ts";
import { common, type Step } from "./step.ts";

/** What is refused is refused with one code each. */
export async function refusals(client: DigitalOcean, step: Step, droplet: number | undefined): Promise<void> {
  const refused = (code: string, work: () => Promise<unknown>): Promise<unknown> =>
    step(`refused: ${code}`, async () => {
      try {
        await work();
      } catch (error) {
        if (error instanceof CallError && error.code === code) return;
        throw error;
      }
      throw new Error("it was not refused");
    });
  const asked = { ...common, name: "refused", ssh_keys: [], tags: [] };
  await refused("size.unknown", () => client.droplets.create({ ...asked, size: "huge" }, "conformance:1"));
  await refused("region.unknown", () => client.droplets.create({ ...asked, region: "moon1" }, "conformance:1"));
  await refused("image.unknown", () => client.droplets.create({ ...asked, image: "none" }, "conformance:1"));
  await refused("cloud.refused", () => client.droplets.create({ ...asked, name: "no host" }, "conformance:1"));
  await refused("cloud.refused", () => client.droplets.create({ ...asked, ssh_keys: [1] }, "conformance:1"));
  await refused("cloud.refused", () => client.keys.create({ name: "none", public_key: "none" }));
  await refused("cloud.absent", () => client.droplets.get(1));
  await refused("cloud.absent", () => client.keys.get("none"));
  await refused("cloud.absent", () => client.images.get("none"));
  await refused("cloud.absent", () => client.actions.get(1));
  await refused("cloud.absent", () => client.tags.get("none"));
  await refused("cloud.absent", () => client.domains.get("none.example"));
  await refused("cloud.absent", () => client.tags.assign("none", "droplet", [droplet ?? 1]));
  const name = "conformance.example";
  if ((await step("domains.create", () => client.domains.create({ name }))) === undefined) return;
  await refused("name.taken", () => client.domains.create({ name }));
  await refused("cloud.refused", () => client.records.create(name, { type: "CNAME", name: "a", data: "b.example" }));
  await step("domains.remove", () => client.domains.remove(name));
}
