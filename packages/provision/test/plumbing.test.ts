import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attachedList, attachedScript } from "../src/local/attached-files.ts";
import { coalesced } from "../src/local/coalesced.ts";
import { filterRules } from "../src/local/filter.ts";
import { type Firewall, guardedOf } from "../src/local/filtering.ts";
import {
  addressOf,
  freeIn,
  netmaskOf,
  numberOf,
  overlap,
  privateRange,
  rangeOf,
} from "../src/local/private-network.ts";
import type { DropletRecord } from "../src/local/store.ts";

const droplet = (id: number, tags: readonly string[]): DropletRecord => ({
  id,
  container: "c",
  name: `d${id}`,
  status: "active",
  createdAt: "2026-01-01T00:00:00Z",
  region: "lon1",
  size: "s-1vcpu-1gb",
  image: "debian-12-x64",
  tags,
  rootKeys: [],
  userData: "",
  options: { disk: 25 },
  address: `10.128.0.${id}`,
  createAction: 1,
  volumes: [],
  vpc: "v",
  privateAddress: `10.16.0.${id}/20`,
  labels: {},
  generation: 1,
  madeBy: 0,
  booted: true,
  next: undefined,
});
const firewall = (data: Partial<Firewall["data"]>): Firewall => ({
  id: "f",
  createdAt: "2026-01-01T00:00:00Z",
  data: { name: "f", status: "waiting", inbound: [], outbound: [], droplets: [], tags: [], ...data },
});

describe("the filter", () => {
  test("is a table that replaces what was there, and none without a droplet that is guarded", () => {
    expect(filterRules("c", [])).toBe("table inet slipway-c\ndelete table inet slipway-c\n");
    const one = {
      id: 7,
      addresses: ["10.128.0.7", "fd00::7"],
      inbound: [
        { protocol: "tcp", ports: [22, 22], places: ["0.0.0.0/0", "::/0"] },
        { protocol: "udp", ports: [8000, 9000], places: ["10.0.0.0/8", "10.1.0.1"] },
        { protocol: "icmp", ports: undefined, places: ["fd00::/8"] },
      ],
      outbound: [{ protocol: "tcp", ports: undefined, places: ["192.0.2.1"] }],
    } as const;
    expect(filterRules("c", [one])).toBe(`table inet slipway-c
delete table inet slipway-c
table inet slipway-c {
chain from-7 {
ip daddr 192.0.2.1 meta l4proto 6 return
drop
}
chain to-7 {
meta nfproto ipv4 tcp dport 22 return
meta nfproto ipv6 tcp dport 22 return
ip saddr 10.0.0.0/8 udp dport 8000-9000 return
ip saddr 10.1.0.1 udp dport 8000-9000 return
ip6 saddr fd00::/8 meta l4proto 58 return
drop
}
chain look {
ct state established,related accept
icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept
ip daddr 169.254.169.254 accept
ip saddr vmap { 10.128.0.7 : jump from-7 }
ip6 saddr vmap { fd00::7 : jump from-7 }
ip daddr vmap { 10.128.0.7 : jump to-7 }
ip6 daddr vmap { fd00::7 : jump to-7 }
}
chain forward {
type filter hook forward priority filter + 10; policy accept;
jump look
}
chain input {
type filter hook input priority filter + 10; policy accept;
jump look
}
chain output {
type filter hook output priority filter + 10; policy accept;
jump look
}
}
`);
  });

  test("names droplets by id and by tag, with all their addresses, and guards only those that a firewall is for", () => {
    const droplets = [droplet(2, ["web"]), droplet(3, ["db"]), droplet(4, [])];
    const rule = { protocol: "tcp", ports: "5432", places: { tags: ["web"], droplet_ids: [4] } } as const;
    const firewalls = [
      firewall({ tags: ["db"], inbound: [rule] }),
      firewall({ droplets: [3], outbound: [{ ...rule, ports: "0" }] }),
    ];
    const all = ["10.128.0.2", "10.16.0.2", "10.128.0.9", "10.128.0.4", "10.16.0.4"];
    expect(guardedOf(droplets, firewalls, new Map([[2, ["10.128.0.9"]]]))).toEqual([
      {
        id: 3,
        addresses: ["10.128.0.3", "10.16.0.3"],
        inbound: [{ protocol: "tcp", ports: [5432, 5432], places: all }],
        outbound: [{ protocol: "tcp", ports: undefined, places: all }],
      },
    ]);
  });
});

test("ranges of private networks", () => {
  fc.assert(
    fc.property(
      fc.ipV4(),
      fc.integer({ min: 16, max: 28 }),
      fc.string(),
      fc.nat(40),
      (address, bits, name, attempt) => {
        expect(addressOf(numberOf(address))).toBe(address);
        const { first, end } = rangeOf(`${address}/${bits}`);
        expect(first <= numberOf(address) && numberOf(address) < end && end - first === 2 ** (32 - bits)).toBe(true);
        const range = `${addressOf(first)}/${bits}`;
        const free = numberOf(freeIn(range, new Set([addressOf(first + 2)])));
        expect(free).toBe(first + 3);
        expect(overlap(range, `${address}/32`)).toBe(true);
        expect(overlap(range, `${addressOf(end % 2 ** 32)}/32`)).toBe(false);
        expect(overlap(privateRange(name, attempt), "10.128.0.0/9")).toBe(false);
      },
    ),
  );
  expect(netmaskOf("10.1.2.3/20")).toBe("255.255.240.0");
  expect(() => freeIn("10.0.0.0/28", new Set(Array.from({ length: 16 }, (_, at) => `10.0.0.${at}`)))).toThrow(
    "no free address",
  );
});

test("a host's list of what is attached, and the script that reads it", () => {
  const volumes = [
    { id: "1", name: "a", filesystem: "ext4" },
    { id: "2", name: "b", filesystem: "" },
  ];
  expect(attachedList({ volumes, addresses: ["10.0.0.9"] })).toBe("volume 1 a ext4\nvolume 2 b -\naddress 10.0.0.9\n");
  execFileSync("sh", ["-n"], { input: attachedScript });
});

describe("coalesced work", () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("is shared by those who ask at once; who asks while it goes on gets the run after it, and shares that", async () => {
    const runs: (() => void)[] = [];
    const ask = coalesced(() => new Promise<void>((resolve) => runs.push(resolve)));
    const first = [ask(), ask()];
    await turn();
    await turn();
    expect(runs).toHaveLength(1);
    const later = [ask(), ask(), ask()];
    await turn();
    expect(runs).toHaveLength(1);
    runs[0]?.();
    await Promise.all(first);
    await turn();
    await turn();
    expect(runs).toHaveLength(2);
    runs[1]?.();
    await Promise.all(later);
    expect(runs).toHaveLength(2);
  });

  test("that fails does so for those who share it, and goes on with the next", async () => {
    let runs = 0;
    const ask = coalesced(() => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error("no")) : Promise.resolve(runs);
    });
    expect(await Promise.allSettled([ask(), ask()])).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
    expect(await ask()).toBe(2);
  });

  test("never gives a reader what was there before it asked", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("ask", "change", "wait"), { maxLength: 40 }), async (moves) => {
        let now = 0;
        const read = coalesced(async () => {
          const seen = now;
          await turn();
          return seen;
        });
        const asked: Promise<void>[] = [];
        for (const move of moves) {
          if (move === "change") now += 1;
          else if (move === "wait") await turn();
          else {
            const then = now;
            asked.push(read().then((seen) => expect(seen).toBeGreaterThanOrEqual(then)));
          }
        }
        await Promise.all(asked);
      }),
    );
  });
});
