import { ssh } from "@slipway/connection";
import { debian, everyOs, type Host, property, type SshAddress } from "@slipway/model";
import { apply, file } from "../src/index.ts";

const exists = (path: string) => ({
  read: ["ls", "-d", path] as const,
  parse: (_: string, status: number) => status === 0,
});

/** A host with a change that takes until somebody writes into /root/gate, and what has to follow it. */
export const gatedHost: Host = {
  name: "gated",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  can: () => true,
  has: [
    property("the gate was passed", {
      on: everyOs,
      observe: exists("/root/passed"),
      plan: (passed) =>
        passed ? [] : [["sh", "-c", "rm -f /root/gate; mkfifo /root/gate && cat /root/gate && touch /root/passed"]],
      writes: ["file:/root/passed"],
    }).onChange(
      property("the passage is noted", {
        on: everyOs,
        observe: { read: ["true"], reads: [], parse: () => 0 },
        plan: () => [["sh", "-c", "echo noted >>/root/notes"]],
        writes: [],
        action: true,
      }),
    ),
    file.content("/root/after", "after\n"),
  ],
};

/** As a program: applies it over the address on standard input, so that a test can end it with SIGKILL. */
if (import.meta.main) {
  const chunks: string[] = [];
  for await (const chunk of process.stdin) chunks.push(String(chunk));
  const { address, privateKey } = JSON.parse(chunks.join("")) as { address: SshAddress; privateKey: string };
  await using connection = await ssh(address, { privateKey });
  await apply(gatedHost, connection, { removed: "keep", onEvent: (event) => process.stdout.write(`${event.type}\n`) });
}
