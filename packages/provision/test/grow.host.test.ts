import { ssh } from "@slipway/connection";
import { afterAll, expect, test } from "vitest";
import {
  applyProvision,
  destroyStack,
  droplet,
  generateSshKey,
  type HostOnMachine,
  observe,
  openCloud,
  planProvision,
  type Resource,
  sshAddress,
  volume,
  wantedOf,
} from "../src/index.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const stack = `g${process.pid}`;
const operator = generateSshKey("operator");
const web: HostOnMachine = {
  name: "web",
  on: droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" }),
};
const open = () => openCloud([web], { name: stack });
afterAll(async () => {
  await using cloud = await open();
  await destroyStack({ provider: cloud.provider });
  expect(await heldBy(stack)).toEqual(nothing);
});

test("the file system of a volume grows with it, and what an interrupted run left is made up for", async () => {
  await using cloud = await open();
  const { provider } = cloud;
  const apply = async (resources: readonly Resource[], leaving?: AbortSignal) => {
    const wanted = wantedOf([web], resources, operator.publicKey);
    const said: string[] = [];
    const { failed } = await applyProvision(planProvision(wanted, await observe(provider, { wanted }), { stack }), {
      provider,
      connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
      onEvent: ({ ref, step }) => void (step === "grown" && said.push(ref)),
      ...(leaving && { signal: leaving }),
    });
    return { said, failed };
  };
  const sized = (gigabytes: number) => [volume("data", { on: web, gigabytes, filesystem: "ext4" })];
  expect(await apply(sized(1))).toEqual({ said: [], failed: [] });
  const [machine = expect.unreachable()] = await provider.machines();
  await using host = await ssh(sshAddress(machine), { privateKey: operator.privateKey });
  const disk = `/dev/disk/by-id/scsi-0DO_Volume_${stack}-data`;
  const mount = `/mnt/${stack}_data`;
  const run = async (script: string): Promise<string> => {
    const { stdout, stderr } = await host.exec(["sh", "-c", script]);
    return `${stdout}${stderr}`.trim();
  };
  await run(`echo kept > ${mount}/file; umount ${mount}`);
  expect(await apply(sized(3))).toEqual({ said: ["volume data"], failed: [] });
  expect(await run(`mount ${disk} ${mount} && cat ${mount}/file`)).toBe("kept");
  expect(await run(`df -BG --output=size ${mount} | tail -1`)).toBe("3G");
  expect(await apply(sized(3))).toEqual({ said: [], failed: [] });
  // Killed between the cloud's part and the machine's.
  const [seen = expect.unreachable()] = (await provider.observe({ wanted: [] })).filter((one) => one.kind === "volume");
  await run(`umount ${mount}`);
  await provider.makes.volume?.update(seen, { ...seen, gigabytes: 5 }, ["gigabytes"], new Map());
  expect(await apply(sized(5))).toEqual({ said: ["volume data"], failed: [] });
  expect(await run(`mount ${disk} ${mount} && df -BG --output=size ${mount} | tail -1`)).toBe("5G");
  // Given up by the operator while the file system grows: that comes to its end nevertheless.
  await run(`umount ${mount}`);
  const slow = '#!/bin/sh\\necho begun >/root/begun; sleep 4; /sbin/resize2fs "$@"; echo $? >/root/over\\n';
  await run(`printf '${slow}' >/usr/local/sbin/resize2fs; chmod 755 /usr/local/sbin/resize2fs`);
  const leaves = new AbortController();
  const given = apply(sized(6), leaves.signal);
  const told = (file: string) => run(`timeout 60 sh -c 'until [ -s ${file} ]; do sleep 0.1; done'; cat ${file}`);
  await told("/root/begun");
  leaves.abort(new Error("the operator leaves"));
  await expect(given).rejects.toThrow("the operator leaves");
  expect(await told("/root/over")).toBe("0");
  await run("rm /usr/local/sbin/resize2fs");
  expect(await apply(sized(6))).toEqual({ said: [], failed: [] });
  await run(`mount ${disk} ${mount}`);
  // Mounted, too, where the engine's machine may do that.
  const last = await apply(sized(7));
  const why = { ref: "volume data", error: expect.objectContaining({ code: "volume.grow" }) as unknown };
  expect(last.failed).toEqual(last.said.length === 1 ? [] : [why]);
  await run(`umount ${mount}`);
  const log = (gigabytes: number) => [...sized(7), volume("log", { on: web, gigabytes, filesystem: "xfs" })];
  expect((await apply(log(1))).failed).toEqual([]);
  // A machine without the tools is told of, and that is made up for, too.
  expect((await apply(log(2))).failed).toMatchObject([{ error: { code: "volume.grow" } }]);
  await run("apt-get -qq install -y xfsprogs >/dev/null 2>&1");
  expect(await apply(log(2))).toEqual({ said: ["volume log"], failed: [] });
  expect(await run(`df -BG --output=size /mnt/${stack}_log | tail -1`)).toBe("2G");
});
