import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Labels = Readonly<Record<string, string>>;
interface Container {
  readonly Id: string;
  name: string;
  state: "created" | "running" | "exited";
  readonly labels: Labels;
  readonly image: string;
}

/** Speaks what the local cloud needs of the Docker Engine's API; its containers are records that nothing runs in. */
export interface RecordedEngine extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string;
  /** How many containers with these labels were ever made, those that are gone included. */
  made(is: (labels: Labels) => boolean): number;
  /** How many there are. */
  held(is: (labels: Labels) => boolean): number;
}

interface Asked {
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}
interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const missing: Answer = { status: 404, body: { message: "no such object" } };
const done: Answer = { status: 204 };

/** Whether labels are as the filter of a query asks: `name=value` or `name`, all of them. */
function asFiltered(query: URLSearchParams): (labels: Labels) => boolean {
  const { label = [] } = JSON.parse(query.get("filters") ?? "{}") as { label?: readonly string[] };
  return (labels) =>
    label.every((wanted) => {
      const [name = "", ...value] = wanted.split("=");
      return value.length === 0 ? name in labels : labels[name] === value.join("=");
    });
}

export async function recordedEngine(): Promise<RecordedEngine> {
  const containers = new Map<string, Container>();
  const volumes = new Map<string, Labels>();
  const networks = new Map<string, { labels: Labels; ipam: unknown }>();
  const history: Labels[] = [];
  let next = 1;
  const id = (): string => (next++).toString(16).padStart(64, "0");
  const byName = (given: string): Container | undefined =>
    containers.get(given) ?? [...containers.values()].find((one) => one.name === given);
  const labelsOf = (body: Asked["body"]): Labels => (body["Labels"] ?? {}) as Labels;

  function ofContainers({ method, parts, query, body }: Asked): Answer {
    const [, at = "", what = ""] = parts;
    if (at === "json") {
      const is = asFiltered(query);
      const shown = [...containers.values()].filter((one) => is(one.labels));
      const as = (one: Container): object => ({
        Id: one.Id,
        Names: [`/${one.name}`],
        State: one.state,
        Labels: one.labels,
        Image: one.image,
      });
      return { status: 200, body: shown.map(as) };
    }
    if (at === "create") {
      const name = query.get("name") ?? id();
      if (byName(name) !== undefined) return { status: 409, body: { message: `${name} is in use` } };
      const made: Container = {
        Id: id(),
        name,
        state: "created",
        labels: labelsOf(body),
        image: String(body["Image"]),
      };
      containers.set(made.Id, made);
      history.push(made.labels);
      return { status: 201, body: { Id: made.Id, Warnings: [] } };
    }
    const one = byName(at);
    if (one === undefined) return missing;
    if (method === "DELETE") containers.delete(one.Id);
    else if (what === "start" || what === "restart") one.state = "running";
    else if (what === "stop" || (what === "kill" && query.get("signal") !== "HUP")) one.state = "exited";
    else if (what === "rename") one.name = query.get("name") ?? one.name;
    else if (what === "wait") return { status: 200, body: { StatusCode: 0 } };
    else if (what === "exec") return { status: 201, body: { Id: one.Id } };
    else if (what === "logs") return { status: 200, body: "" };
    else if (what === "json")
      return { status: 200, body: { Id: one.Id, Name: `/${one.name}`, Config: { Labels: one.labels }, Mounts: [] } };
    else if (what !== "kill") return { status: 200 };
    return done;
  }

  function ofVolumes({ method, parts, query, body }: Asked): Answer {
    const [, at = ""] = parts;
    if (method === "DELETE") return volumes.delete(at) ? done : missing;
    if (at === "create") {
      const name = String(body["Name"]);
      // Making it again gives the one that is there, as the engine does.
      if (!volumes.has(name)) volumes.set(name, labelsOf(body));
      return { status: 201, body: { Name: name } };
    }
    const is = asFiltered(query);
    const shown = [...volumes].flatMap(([Name, Labels]) => (is(Labels) ? [{ Name, Labels }] : []));
    return { status: 200, body: { Volumes: shown } };
  }

  function ofNetworks({ method, parts, query, body }: Asked): Answer {
    const [, at = ""] = parts;
    if (at === "create") {
      networks.set(String(body["Name"]), { labels: labelsOf(body), ipam: body["IPAM"] });
      return { status: 201, body: { Id: id() } };
    }
    if (method === "DELETE") return networks.delete(at) ? done : missing;
    if (at !== "") {
      const one = networks.get(at);
      return one === undefined
        ? missing
        : { status: 200, body: { Name: at, Id: at, IPAM: one.ipam, Labels: one.labels } };
    }
    const is = asFiltered(query);
    const shown = [...networks].filter(([, one]) => is(one.labels));
    return { status: 200, body: shown.map(([Name, one]) => ({ Name, Id: Name, IPAM: one.ipam, Labels: one.labels })) };
  }

  function answer(asked: Asked): Answer {
    switch (asked.parts[0]) {
      case "containers":
        return ofContainers(asked);
      case "volumes":
        return ofVolumes(asked);
      case "networks":
        return ofNetworks(asked);
      case "images":
        return { status: 200, body: asked.parts[1] === "json" ? [] : { Id: "image" } };
      case "exec":
        return { status: 200, body: { ExitCode: 0, Running: false } };
      case "_ping":
        return { status: 200, body: "OK" };
      default:
        return missing;
    }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://engine");
    const text = Buffer.concat(chunks);
    const json = request.headers["content-type"]?.includes("json") === true && text.length > 0;
    const { status, body } = answer({
      method: request.method ?? "GET",
      parts: url.pathname.split("/").filter(Boolean).map(decodeURIComponent),
      query: url.searchParams,
      body: json ? (JSON.parse(text.toString()) as Asked["body"]) : {},
    });
    response.statusCode = status;
    response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  };
  const folder = await mkdtemp(join(tmpdir(), "slipway-engine-"));
  const socket = join(folder, "engine.sock");
  const server = createServer((request, response) => void serve(request, response));
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    made: (is) => history.filter(is).length,
    held: (is) => [...containers.values()].filter((one) => is(one.labels)).length,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}
