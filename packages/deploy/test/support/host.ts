import { type Docker, docker as dockerOf, localDocker } from "@slipway/connection/docker";
import { ssh } from "@slipway/connection/ssh";
import { type Machine, startMachine } from "@slipway/machines";
import {
  type App,
  type Connection,
  predicateType,
  type Release,
  type Secrets,
  type Statement,
  statementType,
  systemClock,
} from "@slipway/model";
import { generateKey, type SignedStatement, signStatement, verifyStatement } from "@slipway/trust";
import { type Build, buildService, commitOf, removeImages } from "./image.ts";

export interface TestHost extends AsyncDisposable {
  readonly machine: Pick<Machine, "address" | "port" | "privateKey" | "hostKey">;
  readonly connection: Connection;
  readonly docker: Docker;
  readonly local: Docker;
  sh(script: string): Promise<string>;
  /** A new connection to the machine after it was told to reboot. */
  reconnect(): Promise<TestHost>;
}

export const connectTo = (machine: TestHost["machine"]): Promise<Connection> =>
  ssh(
    { host: "app", address: machine.address, port: machine.port, user: "root", hostKeys: [machine.hostKey.sha256] },
    { privateKey: machine.privateKey },
  );

/** A real host with Docker and nginx from Debian. */
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
      await removeImages(host.local);
    },
  };
}

/** When PID 1 started: another number after a reboot, and only then. */
const bootTime = ["sh", "-c", "cut -d' ' -f22 /proc/1/stat"] as const;

export async function hostOn(machine: TestHost["machine"]): Promise<TestHost> {
  const connection = await connectTo(machine);
  const booted = (await connection.exec(bootTime)).stdout;
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
    async reconnect() {
      // The old system still answers for a moment, and the new one before it has started everything.
      for (;;) {
        const next = await hostOn(machine).catch(() => undefined);
        const up = await next?.connection
          .exec(["sh", "-c", `systemctl is-system-running --wait >/dev/null; ${bootTime[2]}`])
          .catch(() => undefined);
        if (next !== undefined && up?.status === 0 && up.stdout !== booted) return next;
        await next?.[Symbol.asyncDispose]();
        await systemClock.sleep(200);
      }
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

const key = generateKey({ name: "CI of the tests", email: "ci@example.org" });

/** What CI would sign about images that were built here. */
export async function signedOf(
  docker: Docker,
  app: string,
  word: string,
  version: Omit<Build, "app" | "commit">,
): Promise<SignedStatement> {
  const commit = commitOf(word);
  const images = await buildService(docker, { app, commit, ...version });
  const subject = Object.entries(images).map(([service, id]) => ({
    name: `image:${app}/${service}`,
    digest: { sha256: id.replace("sha256:", "") },
  }));
  const statement: Statement = {
    _type: statementType,
    subject: [{ name: `git:${app}`, digest: { gitCommit: commit } }, ...subject],
    predicateType,
    predicate: {
      repository: app,
      commit,
      tree: commit,
      pipeline: { name: app, digest: "0" },
      steps: [],
      app: appOf(app, version),
      images,
      finishedAt: "2026-11-23T00:00:00Z",
    },
  };
  return signStatement(statement, (await key).privateKey);
}

/** The one way to a release that can be deployed. */
export const verified = async (signed: SignedStatement): Promise<Release<"verified">> =>
  verifyStatement(signed, [(await key).publicKey]);

/** A release built, signed and verified here. */
export const releaseOf = async (...wanted: Parameters<typeof signedOf>): Promise<Release<"verified">> =>
  verified(await signedOf(...wanted));

export const secretsOf = (value: string): Secrets => ({ reveal: async () => value });
