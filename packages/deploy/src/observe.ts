import { createHash } from "node:crypto";
import type { Docker } from "@slipway/connection/docker";
import { type Connection, sh } from "@slipway/model";
import { fail } from "./errors.ts";
import { labels, pathsOf, type Slot } from "./names.ts";
import type { Seen, SeenContainer } from "./plan.ts";
import { listeningPorts } from "./ports.ts";
import { historyOf, type ReleaseRecord } from "./record.ts";

/** Everything that is not the engine's, in one round trip. Sections are told apart by a mark nobody can guess. */
const script = sh`root=$1 site=$2 mark=$3
section() { printf '\n%s %s\n' "$mark" "$1"; }
section green; for f in "$root"/flags/*.green; do [ -e "$f" ] && basename "$f" .green; done
for f in "$root"/*/writer; do [ -f "$f" ] || continue; section "writer $(basename "$(dirname "$f")")"; cat "$f"; done
section site; cat "$site" 2>/dev/null
section loaded; kill -0 "$(cat /run/nginx.pid 2>/dev/null)" 2>/dev/null && cat "$root/site.loaded" 2>/dev/null
section secrets; cd "$root/secrets" 2>/dev/null && find . -type f -exec sha256sum {} +
section listening; cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
section ipv6; cat /proc/net/if_inet6 2>/dev/null
section end
exit 0`.text;

export const siteSum = (site: string): string => createHash("sha256").update(site).digest("hex");

/** What there is of an application on its host. Changes nothing. */
export async function observe(
  connection: Connection,
  docker: Docker,
  app: string,
  records: Iterable<{ readonly at: number; readonly record: ReleaseRecord }>,
): Promise<Seen> {
  const [sections, listed, images] = await Promise.all([
    files(connection, app),
    docker.listContainers({ all: true, filters: { label: [`${labels.app}=${app}`, labels.service, labels.slot] } }),
    docker.listImages({ filters: { reference: [`${app}/*`] } }),
  ]);
  const containers: SeenContainer[] = listed.map((one) => ({
    name: (one.Names[0] ?? "").replace(/^\//, ""),
    service: one.Labels[labels.service] ?? "",
    slot: one.Labels[labels.slot] as Slot,
    release: one.Labels[labels.release] ?? "",
    deployment: one.Labels[labels.deployment] ?? "",
    imageId: one.ImageID,
    running: one.State === "running" || one.State === "restarting" || one.State === "paused",
  }));
  const site = sections.get("site");
  const secrets = [...(sections.get("secrets") ?? "").matchAll(/^([0-9a-f]{64}) [ *]\.\/(.+)$/gm)];
  return {
    containers,
    green: new Set((sections.get("green") ?? "").split("\n").filter((line) => line !== "")),
    writers: Object.fromEntries(
      [...sections].flatMap(([name, content]) => (name.startsWith("writer ") ? [[name.slice(7), content.trim()]] : [])),
    ),
    ...(site === undefined || site === "" ? {} : { site }),
    siteLoaded: site !== undefined && sections.get("loaded")?.trim() === siteSum(site),
    history: historyOf(records),
    images: Object.fromEntries(images.flatMap((image) => (image.RepoTags ?? []).map((tag) => [tag, image.Id]))),
    secrets: Object.fromEntries(secrets.map(([, sum, path]) => [path ?? "", sum ?? ""])),
    listening: listeningPorts(sections.get("listening") ?? ""),
    ipv6: (sections.get("ipv6") ?? "").trim() !== "",
  };
}

async function files(connection: Connection, app: string): Promise<ReadonlyMap<string, string>> {
  const mark = crypto.randomUUID();
  const { root, site } = pathsOf(app);
  const { status, stdout, stderr } = await connection.exec(["sh", "-c", script, "sh", root, site, mark], {
    timeoutMs: 30_000,
  });
  const sections = new Map<string, string>();
  for (const part of stdout.split(`\n${mark} `).slice(1)) {
    const end = part.indexOf("\n");
    sections.set(part.slice(0, end), part.slice(end + 1));
  }
  if (status !== 0 || !sections.has("end"))
    throw fail(
      "deploy.host",
      `${connection.host} could not be looked at: ${stderr.trim().slice(0, 500) || `status ${status}`}`,
    );
  return sections;
}
