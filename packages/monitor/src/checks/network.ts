import { readFile } from "node:fs/promises";
import { connect } from "node:net";

/** Whether our own network is there. A canary is a neighbour that answers whatever happens to the hosts we watch. */
export interface OwnNetwork {
  /** True when canaries that answered before answer no longer. One that never answered says nothing. */
  lost(): Promise<boolean>;
}

export interface OwnNetworkOptions {
  /** `address:port`; default: the default gateway. */
  readonly canaries?: readonly string[];
  /** Tells whether something is at the address; for tests. */
  readonly knock?: (address: string, port: number) => Promise<boolean>;
}

export async function ownNetwork(options: OwnNetworkOptions = {}): Promise<OwnNetwork> {
  const canaries = options.canaries ?? (await gateway());
  const knock = options.knock ?? knockTcp;
  const answeredOnce = new Set<string>();
  const lost = async (): Promise<boolean> => {
    const answers = await Promise.all(
      canaries.map(async (canary) => {
        const colon = canary.lastIndexOf(":");
        const answer = await knock(canary.slice(0, colon), Number(canary.slice(colon + 1)));
        if (answer) answeredOnce.add(canary);
        return answer;
      }),
    );
    return answeredOnce.size > 0 && !answers.includes(true);
  };
  await lost();
  return { lost };
}

/** A refused connection is as good a sign of life as an accepted one. */
function knockTcp(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}

async function gateway(): Promise<readonly string[]> {
  try {
    const address = parseGateway(await readFile("/proc/net/route", "utf8"));
    return address === undefined ? [] : [`${address}:9`];
  } catch {
    return []; // Not Linux: no canary of our own.
  }
}

/** The default gateway in /proc/net/route, whose addresses are little-endian hexadecimal. */
export function parseGateway(table: string): string | undefined {
  for (const line of table.split("\n").slice(1)) {
    const [, destination, hex = ""] = line.trim().split(/\s+/);
    if (destination !== "00000000" || !/^[0-9A-F]{8}$/i.test(hex) || hex === "00000000") continue;
    return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".");
  }
  return undefined;
}
