import { type App, imageName, type Service } from "@slipway/model";
import { fail } from "./errors.ts";
import { containerName, dataFolder, labels, networkName, pathsOf, type Slot, writerId } from "./names.ts";
import { type Ports, portOf } from "./ports.ts";
import type { Deployment } from "./record.ts";

/** One container as it is wanted; plain data, from which both the engine's call and the compose file are made. */
export interface ContainerSpec {
  readonly name: string;
  readonly service: string;
  readonly slot: Slot;
  readonly image: string;
  /** The id that the image must have. */
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly network: string;
  readonly port?: { readonly host: number; readonly container: number };
  readonly mounts: readonly { readonly from: string; readonly to: string; readonly readOnly: boolean }[];
  readonly stopSeconds: number;
}

export const defaultStopSeconds = 20;

/** Services that are the only writer of their stream. */
export const writersOf = (app: App): readonly Service[] =>
  app.services.filter((service) => service.events !== undefined);

const word = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const route = /^\/[A-Za-z0-9._~/-]*$/;
const hostname = /^(?:_|[A-Za-z0-9*](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)$/;
const secretName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Refuses a description that cannot work, or that could not be written into nginx's or Docker's configuration as it is. */
export function checkApp(app: App): void {
  const wrong = (message: string): never => {
    throw fail("deploy.topology", `${app.name}: ${message}`);
  };
  if (!word.test(app.name)) wrong("an application's name has lower-case letters, digits and dashes, at most 40");
  if (!hostname.test(app.hostname)) wrong(`"${app.hostname}" is no host name`);
  const names = new Set(app.services.map((service) => service.name));
  if (names.size !== app.services.length) wrong("two services have the same name");
  if (names.size === 0) wrong("it has no services");
  const reserved = ["flags", "secrets", "proofs"];
  const routes = new Map<string, string>();
  for (const service of app.services) {
    if (!word.test(service.name) || reserved.includes(service.name)) wrong(`"${service.name}" cannot name a service`);
    if (service.port !== undefined && service.ready === undefined)
      wrong(`${service.name} has a port but no ready path`);
    if (service.port === undefined && (service.routes?.length ?? 0) > 0)
      wrong(`${service.name} has routes but no port`);
    if (service.port !== undefined && !(Number.isInteger(service.port) && service.port > 0 && service.port < 65_536))
      wrong(`${service.name}: ${service.port} is no port`);
    if (service.events !== undefined && service.data !== true) wrong(`${service.name} has events but no data folder`);
    for (const other of service.reads ?? []) {
      const read = app.services.find((one) => one.name === other);
      if (read === undefined || other === service.name)
        wrong(`${service.name} reads "${other}", which is no other service`);
      if (read?.data !== true) wrong(`${service.name} reads ${other}, which has no data folder`);
    }
    for (const path of service.routes ?? []) {
      if (!route.test(path)) wrong(`${service.name}: the route "${path}" has characters that a route cannot have`);
      const taken = routes.get(path);
      if (taken !== undefined) wrong(`${taken} and ${service.name} both want the route ${path}`);
      routes.set(path, service.name);
    }
    for (const secret of service.secrets ?? [])
      if (!secretName.test(secret)) wrong(`${service.name}: "${secret}" cannot name a secret file`);
  }
}

/** Services that take requests. */
export const portServices = (app: App): readonly string[] =>
  app.services.filter((service) => service.port !== undefined).map((service) => service.name);

export const secretFolder = (app: string, slot: Slot, service: string): string =>
  `${pathsOf(app).secrets}/${slot}/${service}`;

/**
 * The containers of a deployment, in the order of the application's services. A service finds another at SLIPWAY_URL_<SERVICE>, always
 * the one of its own slot, so that a release talks to itself.
 */
export function containersOf(
  deployment: Pick<Deployment, "id" | "commit" | "slot" | "app" | "images" | "ports">,
): readonly ContainerSpec[] {
  const { app, slot, commit, ports } = deployment;
  const addresses = Object.fromEntries(
    app.services.flatMap((service) =>
      service.port === undefined
        ? []
        : [
            [
              `SLIPWAY_URL_${service.name.toUpperCase().replaceAll("-", "_")}`,
              `http://${containerName(app.name, service.name, slot)}:${service.port}`,
            ],
          ],
    ),
  );
  return app.services.map((service) => {
    const imageId = deployment.images[service.name];
    if (imageId === undefined)
      throw fail("deploy.unverified", `the statement of ${commit} names no image for ${service.name}`);
    const port =
      service.port === undefined ? undefined : { host: hostPort(ports, service.name, slot), container: service.port };
    return {
      name: containerName(app.name, service.name, slot),
      service: service.name,
      slot,
      image: imageName(app.name, service.name, commit),
      imageId,
      labels: {
        [labels.app]: app.name,
        [labels.service]: service.name,
        [labels.release]: commit,
        [labels.slot]: slot,
        [labels.deployment]: deployment.id,
      },
      env: {
        ...service.env,
        ...addresses,
        ...(service.port === undefined ? {} : { PORT: String(service.port) }),
        SLIPWAY_APP: app.name,
        SLIPWAY_SERVICE: service.name,
        SLIPWAY_SLOT: slot,
        SLIPWAY_RELEASE: writerId(commit, slot),
      },
      network: networkName(app.name),
      ...(port === undefined ? {} : { port }),
      mounts: [
        ...(service.data === true ? [{ from: dataFolder(app.name, service.name), to: "/data", readOnly: false }] : []),
        ...(service.reads ?? []).map((other) => ({
          from: dataFolder(app.name, other),
          to: `/data/${other}`,
          readOnly: true,
        })),
        ...(service.secrets ?? []).map((secret) => ({
          from: `${secretFolder(app.name, slot, service.name)}/${secret}`,
          to: `/run/secrets/${secret}`,
          readOnly: true,
        })),
      ],
      stopSeconds: service.stopSeconds ?? defaultStopSeconds,
    };
  });
}

function hostPort(ports: Ports, service: string, slot: Slot): number {
  const base = ports[service];
  if (base === undefined) throw fail("deploy.topology", `${service} has no port on the host`);
  return portOf(base, slot);
}
