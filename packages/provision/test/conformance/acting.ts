import type { DigitalOcean } from "../../src/client/client.ts";
import type { DropletAct } from "../../src/client/droplet-actions.ts";
import { region, type Step, until } from "./step.ts";

export async function actions(client: DigitalOcean, step: Step, id: number): Promise<void> {
  const act = (asked: DropletAct): Promise<unknown> =>
    step(`dropletActions.start ${asked.type}`, async () => {
      const { id: action } = await client.dropletActions.start(id, asked);
      await until(async () => (await client.dropletActions.get(id, action)).status !== "in-progress");
      await client.actions.get(action);
    });
  for (const type of ["reboot", "power_cycle", "shutdown", "power_on", "enable_ipv6", "password_reset"] as const)
    await act({ type });
  await act({ type: "enable_backups", backup_policy: { plan: "weekly", weekday: "SUN", hour: 4 } });
  await act({ type: "change_backup_policy", backup_policy: { plan: "weekly", weekday: "SUN", hour: 20 } });
  await act({ type: "disable_backups" });
  await act({ type: "rename", name: "web-renamed" });
  await act({ type: "power_off" });
  await act({ type: "snapshot", name: "conformance" });
  await act({ type: "resize", size: "s-1vcpu-2gb" });
  const [snapshot] = (await step("droplets.snapshots", () => client.droplets.snapshots(id))) ?? [];
  await step("snapshots.list", () => client.snapshots.list());
  if (snapshot !== undefined) {
    await step("snapshots.get", () => client.snapshots.get(snapshot.id));
    await step("images.list private", () => client.images.list({ private: true }));
    await step("images.get by id", () => client.images.get(snapshot.id));
    await step("images.update", () => client.images.update(snapshot.id, { name: "conformance-2" }));
    const action = await step("images.act", () => client.images.act(snapshot.id, { type: "transfer", region: "ams3" }));
    await step("images.actions", () => client.images.actions(snapshot.id));
    if (action !== undefined) await step("images.action", () => client.images.action(snapshot.id, action.id));
    await act({ type: "restore", image: snapshot.id });
    await step("snapshots.remove", () => client.snapshots.remove(snapshot.id));
  }
  const custom = await step("images.create", () =>
    client.images.create({ name: "conformance", url: "http://192.0.2.1/none.qcow2", region, distribution: "Debian" }),
  );
  if (custom !== undefined) await step("images.remove", () => client.images.remove(custom.id));
  await act({ type: "rebuild", image: "debian-12-x64" });
  await step("dropletActions.startTagged", async () => {
    for (const { id: action } of await client.dropletActions.startTagged("conformance", { type: "power_cycle" }))
      await until(async () => (await client.actions.get(action)).status !== "in-progress");
  });
  await step("dropletActions.list", () => client.dropletActions.list(id));
  await step("actions.list", () => client.actions.list());
}

export async function destroy(client: DigitalOcean, step: Step, id: number, second: number | undefined): Promise<void> {
  const gone = (droplet: number): Promise<void> =>
    until(async () => (await client.dropletDestroy.status(droplet)).completed_at != null);
  await step("dropletDestroy.associated", () => client.dropletDestroy.associated(id));
  await step("dropletDestroy.selected", async () => {
    await client.dropletDestroy.selected(id, { snapshots: [], volumes: [] });
    await gone(id);
  });
  if (second === undefined) return;
  await step("dropletDestroy.everything", async () => {
    await client.dropletDestroy.everything(second);
    await gone(second);
  });
  await step("dropletDestroy.retry", () => client.dropletDestroy.retry(second));
}
