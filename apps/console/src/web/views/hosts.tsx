import type { HostView, PropertyState, PropertyView, Snapshot } from "../../server/api.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Card, Empty } from "../parts/card.tsx";
import { ago, percent, span } from "../text.ts";

const statusTone: Record<HostView["status"], Tone> = { up: "good", unreachable: "bad", absent: "off" };
const propertyTone: Record<PropertyState, Tone> = { ok: "good", change: "warn", unknown: "off" };
const propertyWord: Record<PropertyState, string> = { ok: "holds", change: "differs", unknown: "not seen" };
const gauges = [
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["disk", "Disk"],
] as const;

function Gauge(props: { label: string; value: number | undefined }) {
  const { label, value } = props;
  const tone = value === undefined ? "" : value > 0.95 ? "bg-(--bad)" : value > 0.9 ? "bg-(--warn)" : "bg-(--accent)";
  return (
    <div className="grid grid-cols-[4rem_1fr_3rem] items-center gap-2 text-xs">
      <span className="text-(--soft)">{label}</span>
      <span className="h-1.5 overflow-hidden rounded-full bg-(--page)">
        {value === undefined ? null : (
          <span
            className={`block h-full rounded-full ${tone}`}
            style={{ width: `${Math.min(100, Math.max(1, value * 100))}%` }}
          />
        )}
      </span>
      <span className="text-right tabular-nums">{value === undefined ? "–" : percent(value)}</span>
    </div>
  );
}

function Row(props: { title: string; state: PropertyState; soft?: boolean }) {
  return (
    <span
      className={`flex w-full min-w-0 items-center justify-between gap-3 ${props.soft === true ? "text-xs text-(--soft)" : "text-sm"}`}
    >
      <span className="min-w-0 truncate" title={props.title}>
        {props.title}
      </span>
      <Badge tone={propertyTone[props.state]}>{propertyWord[props.state]}</Badge>
    </span>
  );
}

/** A property; one that has parts opens to show them. */
function Property(props: { property: PropertyView }) {
  const { title, state, parts } = props.property;
  if (parts.length === 1 && parts[0]?.detail === undefined) return <Row title={title} state={state} />;
  return (
    <details>
      <summary className="flex cursor-pointer list-none items-center">
        <Row title={`${title}${parts.length > 1 ? ` (${parts.length})` : ""}`} state={state} />
      </summary>
      <ul className="my-1 grid grid-cols-[minmax(0,1fr)] gap-1 border-l-2 border-(--line) pl-3">
        {parts.map((part) => (
          <li key={part.title}>
            <Row title={part.title} state={part.state} soft />
            {part.detail === undefined ? null : (
              <pre className="overflow-x-auto rounded bg-(--page) p-2 font-mono text-xs">{part.detail}</pre>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function HostCard(props: { host: HostView; now: number }) {
  const { host } = props;
  const differing = host.properties.filter((property) => property.state === "change").length;
  return (
    <Card title={host.name} aside={<Badge tone={statusTone[host.status]}>{host.status}</Badge>}>
      <p className="mb-3 text-xs text-(--soft)">
        {host.os}
        {host.address === undefined ? "" : ` · ${host.address}`}
        {host.metrics.uptime === undefined ? "" : ` · up ${span(host.metrics.uptime * 1_000)}`}
      </p>
      <div className="grid gap-1.5">
        {gauges.map(([key, label]) => (
          <Gauge key={key} label={label} value={host.metrics[key]} />
        ))}
      </div>
      <p className="mt-3 text-xs">
        {host.properties.length === 0 ? (
          <span className="text-(--soft)">properties not seen yet</span>
        ) : differing === 0 ? (
          <Badge tone="good">{`${host.properties.length} properties hold`}</Badge>
        ) : (
          <Badge tone="warn">{`${differing} of ${host.properties.length} properties differ`}</Badge>
        )}
      </p>
    </Card>
  );
}

export function Hosts(props: { snapshot: Snapshot; now: number }) {
  const { snapshot, now } = props;
  if (snapshot.hosts.every((host) => host.status === "absent")) {
    return (
      <Card title="Hosts">
        <Empty command="pnpm ops provision">No machine was made yet.</Empty>
      </Card>
    );
  }
  return (
    <div className="grid gap-4 xl:grid-cols-3">
      {snapshot.hosts.map((host) => (
        <div key={host.name} className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-4">
          <HostCard host={host} now={now} />
          <Card
            title={`Properties of ${host.name}`}
            aside={host.checkedAt === undefined ? null : `seen ${ago(host.checkedAt, now)}`}
          >
            {host.properties.length > 0 ? null : host.checkedAt === undefined ? (
              <p className="text-sm text-(--soft)">Reading the host …</p>
            ) : (
              <Empty command="pnpm ops config">Not configured yet.</Empty>
            )}
            <ul className="grid grid-cols-[minmax(0,1fr)] gap-1">
              {host.properties.map((property) => (
                <li key={property.title}>
                  <Property property={property} />
                </li>
              ))}
            </ul>
          </Card>
        </div>
      ))}
    </div>
  );
}
