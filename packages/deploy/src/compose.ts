import type { ContainerSpec } from "./topology.ts";

/** A string as a YAML double-quoted scalar, which JSON's strings are. `$` is doubled, as compose expands it. */
const text = (value: string): string => JSON.stringify(value).replaceAll("$", "$$$$");

function block(name: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`    ${name}:`, ...lines.map((line) => `      ${line}`)];
}

function service(spec: ContainerSpec): readonly string[] {
  const entries = (record: Readonly<Record<string, string>>): readonly string[] =>
    Object.keys(record)
      .toSorted()
      .map((key) => `${text(key)}: ${text(record[key] ?? "")}`);
  return [
    `  ${text(spec.service)}:`,
    `    container_name: ${text(spec.name)}`,
    `    image: ${text(spec.image)}`,
    `    restart: unless-stopped`,
    `    stop_grace_period: ${spec.stopSeconds}s`,
    ...block("networks", [`- ${text(spec.network)}`]),
    ...block("labels", entries(spec.labels)),
    ...block("environment", entries(spec.env)),
    ...block(
      "ports",
      spec.port === undefined ? [] : [`- ${text(`127.0.0.1:${spec.port.host}:${spec.port.container}`)}`],
    ),
    ...block(
      "volumes",
      spec.mounts.map((mount) => `- ${text(`${mount.from}:${mount.to}${mount.readOnly ? ":ro" : ""}`)}`),
    ),
  ];
}

/** The same containers as a compose file: for people to read, and to start them by hand where Slipway is not at hand. */
export function formatCompose(app: string, specs: readonly ContainerSpec[]): string {
  const networks = [...new Set(specs.map((spec) => spec.network))];
  return [
    "# Written by Slipway at each deployment. Changes made here have no effect.",
    `name: ${text(app)}`,
    "services:",
    ...specs.flatMap(service),
    "networks:",
    ...networks.map((name) => `  ${text(name)}:\n    name: ${text(name)}\n    external: true`),
    "",
  ].join("\n");
}
