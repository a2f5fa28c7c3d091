import type { Call } from "../http.ts";
import { exclusively } from "../lock.ts";
import { droplets, type Face, firewalls, type V2Firewall } from "./face.ts";
import { type Labels, selector } from "./labels.ts";
import { keyOf, type Notes, readNotes } from "./notes.ts";
import { noteKey, type V2Droplet } from "./server-bodies.ts";

export const firewallKey = (firewall: { readonly name: string }): string => keyOf("firewall", firewall.name);

/** Servers that one of the selectors asks for. */
export const matching = (selectors: readonly string[], all: readonly V2Droplet[], notes: Notes): readonly number[] => {
  const tests = selectors.map(selector);
  const asked = (labels: Labels): boolean => tests.some((test) => test(labels));
  return all.filter((droplet) => asked(notes.of(noteKey(droplet)).labels)).map((droplet) => droplet.id);
};

/** Brings the servers behind firewalls that are applied by a label selector up to date. What a killed process left, the next list takes up. */
export async function follow(face: Face, call: Call): Promise<void> {
  const concerned = async (): Promise<{ all: readonly V2Firewall[]; notes: Notes }> => {
    const [all, notes] = await Promise.all([firewalls(face, call), readNotes(face.cloud)]);
    return { all: all.filter((one) => (notes.of(firewallKey(one)).selectors ?? []).length > 0), notes };
  };
  if ((await concerned()).all.length === 0) return;
  await exclusively(`hetzner follow ${face.cloud.name}`, async () => {
    const { all, notes } = await concerned();
    const servers = await droplets(face, call);
    for (const firewall of all) {
      const { selectors = [], direct = [] } = notes.of(firewallKey(firewall));
      const wanted = new Set([...direct, ...matching(selectors, servers, notes)]);
      const add = [...wanted].filter(
        (id) => !firewall.droplet_ids.includes(id) && servers.some((one) => one.id === id),
      );
      const remove = firewall.droplet_ids.filter((id) => !wanted.has(id));
      const path = `/v2/firewalls/${firewall.id}/droplets`;
      if (add.length > 0) await face.inside.ask(call, "POST", path, { body: { droplet_ids: add } });
      if (remove.length > 0) await face.inside.ask(call, "DELETE", path, { body: { droplet_ids: remove } });
    }
  });
}
