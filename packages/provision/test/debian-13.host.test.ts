import { ssh } from "@slipway/connection";
import { debian } from "@slipway/model";
import { afterAll, expect, test } from "vitest";
import {
  applyProvision,
  destroyStack,
  droplet,
  generateSshKey,
  observe,
  openCloud,
  planProvision,
  sshAddress,
  wantedOf,
} from "../src/index.ts";

const stack = `d${process.pid}`;
const operator = generateSshKey("operator");
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const hosts = [{ name: "thirteen", on, distro: debian("13") }];

afterAll(async () => {
  await using cloud = await openCloud(hosts, { name: stack });
  await destroyStack({ provider: cloud.provider });
});

test("a host of Debian 13 gets a machine of Debian 13, with an engine of its own", async () => {
  await using cloud = await openCloud(hosts, { name: stack });
  const { provider } = cloud;
  const wanted = wantedOf(hosts, [], operator.publicKey);
  const plan = planProvision(wanted, await observe(provider, { wanted }), { stack });
  const { machines, failed } = await applyProvision(plan, {
    provider,
    connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
  });
  expect(failed).toEqual([]);
  const [machine] = machines;
  if (machine === undefined) return expect.unreachable();
  await using host = await ssh(sshAddress(machine), { privateKey: operator.privateKey });
  const said = async (script: string): Promise<string> => {
    const { stdout, stderr } = await host.exec(["sh", "-c", script]);
    return `${stdout}${stderr}`.trim();
  };
  expect(await said(". /etc/os-release; echo $ID $VERSION_ID")).toBe("debian 13");
  expect(
    await said("cloud-init status --wait; systemctl is-system-running --wait; systemctl --failed --no-legend"),
  ).toBe("status: done\nrunning");
  // Debian 13 ships Docker's command line as a package of its own. A container of one static program, run to its end.
  await said("apt-get -qq update; apt-get -qq install -y --no-install-recommends docker.io docker-cli busybox-static");
  expect(await said("docker info -f '{{.ServerVersion}} {{.Driver}}'")).toMatch(/^\d+\.\d+\.\S+ overlay2$/);
  await said("tar -C / -c usr/bin/busybox | docker import - own");
  expect(await said("docker run --rm own /usr/bin/busybox echo ran")).toBe("ran");
});
