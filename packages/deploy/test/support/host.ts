import { type Docker, docker as dockerOf, localDocker } from "@slipway/connection/docker";
import { ssh } from "@slipway/connection/ssh";
import { type Machine, startMachine } from "@slipway/machines";
import { type App, type Connection, mintVerified, type Release, type Secrets } from "@slipway/model";
import { type Build, buildService, commitOf } from "./image.ts";

export interface TestHost extends AsyncDisposable {
  readonly machine: Pick<Machine, "address" | "port" | "privateKey" | "hostKey">;
  readonly connection: Connection;
  readonly docker: Docker;
  readonly local: Docker;
  sh(script: string): Promise<string>;
}

export const connectTo = (machine: TestHost["machine"]): Promise<Connection> =>
  ssh(
    { host: "app", address: machine.address, port: machine.port, user: "root", hostKeys: [machine.hostKey.sha256] },
    { privateKey: machine.privateKey },
  );

/** A real host with Docker and nginx from Debian. SLIPWAY_TEST_MACHINE may name a file that describes one to use again. */
export async function startHost(): Promise<TestHost> {
  const machine = await startMachine({ name: "deploy-test" });
  const host = await hostOn(machine);
  await host.sh(
    "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends docker.io nginx-light",
  );
  await host.sh("until docker version; do sleep 0.1; done");
  return {
    ...host,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

export async function hostOn(machine: TestHost["machine"]): Promise<TestHost> {
  const connection = await connectTo(machine);
  return {
    machine,
    connection,
    docker: await dockerOf(connection),
    local: await localDocker(),
    async sh(script) {
      const { status, stdout, stderr } = await connection.exec(["sh", "-c", script]);
      if (status !== 0) throw new Error(`${script}: ${stdout}${stderr}`);
      return stdout.trim();
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

export const appOf = (name: string, version: Pick<Build, "writes" | "reads">): App => ({
  name,
  hostname: "_",
  services: [
    {
      name: "core",
      port: 8080,
      ready: "/readyz",
      routes: ["/api", "/readyz"],
      data: true,
      events: { writes: { opened: version.writes }, reads: { opened: version.reads } },
      secrets: ["token"],
      stopSeconds: 5,
    },
    { name: "web", port: 8081, ready: "/", routes: ["/"], stopSeconds: 5 },
    { name: "mail", reads: ["core"], stopSeconds: 5 },
  ],
});

/** A release built here, as the verifier would give it. */
export async function releaseOf(
  docker: Docker,
  app: string,
  word: string,
  version: Omit<Build, "app" | "commit">,
): Promise<Release<"verified">> {
  const commit = commitOf(word);
  const images = await buildService(docker, { app, commit, ...version });
  return mintVerified({
    repository: app,
    commit,
    app: appOf(app, version),
    images,
    signer: "f".repeat(40),
    finishedAt: "2026-11-23T00:00:00Z",
  });
}

export const secretsOf = (value: string): Secrets => ({ reveal: async () => value });
