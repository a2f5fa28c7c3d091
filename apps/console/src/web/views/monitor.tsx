import { useState } from "react";
import type { AlertView, CheckView, Snapshot } from "../../server/api.ts";
import { useSeries } from "../live.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Card, Empty } from "../parts/card.tsx";
import { Chart } from "../parts/chart.tsx";
import { ago, span } from "../text.ts";

const checkTone: Record<CheckView["state"], Tone> = { up: "good", down: "bad", unknown: "off" };

export function AlertList(props: { alerts: readonly AlertView[]; now: number }) {
  if (props.alerts.length === 0) return <p className="text-sm text-(--soft)">No alert so far.</p>;
  return (
    <ul className="grid grid-cols-[minmax(0,1fr)] gap-2" aria-live="polite">
      {props.alerts.map((alert) => (
        <li key={alert.id} className="flex items-start gap-2 text-sm">
          <Badge tone={alert.resolvedAt !== undefined ? "good" : alert.severity === "critical" ? "bad" : "warn"}>
            {alert.resolvedAt !== undefined ? "resolved" : alert.severity}
          </Badge>
          <span className="min-w-0">
            <span className="font-medium">{alert.title}</span> <span className="text-(--soft)">on {alert.host}</span>
            <span className="block text-xs break-words text-(--soft)">
              {alert.description === "" ? "" : `${alert.description} · `}
              {ago(alert.since, props.now)}
              {alert.resolvedAt === undefined ? "" : `, lasted ${span(alert.resolvedAt - alert.since)}`}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

const charts = [
  ["cpu", "CPU", true],
  ["memory", "Memory", true],
  ["disk /", "Disk /", true],
  ["load", "Load per core", false],
] as const;
const spans = [
  [15, "15 min"],
  [60, "1 h"],
  [1_440, "1 day"],
] as const;

function SeriesChart(props: { host: string; service: string; label: string; percent: boolean; minutes: number }) {
  const series = useSeries(props.host, props.service, props.minutes);
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs font-semibold text-(--soft)">{props.label}</h3>
      {series === undefined || series.value.every((value) => value === null) ? (
        <p className="grid h-[140px] place-items-center rounded-lg bg-(--page) text-xs text-(--soft)">no data yet</p>
      ) : (
        <Chart series={series} label={`${props.label} of ${props.host}`} percent={props.percent} />
      )}
    </div>
  );
}

export function Monitor(props: { snapshot: Snapshot; now: number }) {
  const { snapshot, now } = props;
  const [host, setHost] = useState(snapshot.hosts[0]?.name ?? "");
  const [minutes, setMinutes] = useState<number>(15);
  const pick = (on: boolean): string =>
    `cursor-pointer rounded-lg px-2.5 py-1 text-xs ${on ? "bg-(--busy-bg) font-medium text-(--accent)" : "text-(--soft) hover:text-(--ink)"}`;
  return (
    <div className="grid gap-4">
      <div className="grid gap-4 lg:grid-cols-2">
        <Card
          title="Alerts"
          aside={`${snapshot.alerts.filter((alert) => alert.resolvedAt === undefined).length} firing`}
        >
          <AlertList alerts={snapshot.alerts} now={now} />
        </Card>
        <Card title="Checks">
          {snapshot.checks.length === 0 ? <Empty command="pnpm ops config">No check is set up yet.</Empty> : null}
          <ul className="grid gap-2">
            {snapshot.checks.map((check) => (
              <li key={check.title} className="flex items-start justify-between gap-3 text-sm">
                <span className="min-w-0">
                  <span className="font-medium">{check.title}</span>
                  <span className="block text-xs break-words text-(--soft)">{check.description}</span>
                </span>
                <Badge tone={checkTone[check.state]}>{check.state}</Badge>
              </li>
            ))}
          </ul>
        </Card>
      </div>
      <Card
        title="Metrics"
        aside={
          <fieldset className="flex flex-wrap gap-1" aria-label="Time span">
            {spans.map(([value, label]) => (
              <button
                type="button"
                key={value}
                aria-pressed={minutes === value}
                onClick={() => setMinutes(value)}
                className={pick(minutes === value)}
              >
                {label}
              </button>
            ))}
          </fieldset>
        }
      >
        <fieldset className="mb-3 flex flex-wrap gap-1" aria-label="Host">
          {snapshot.hosts.map((one) => (
            <button
              type="button"
              key={one.name}
              aria-pressed={host === one.name}
              onClick={() => setHost(one.name)}
              className={pick(host === one.name)}
            >
              {one.name}
            </button>
          ))}
        </fieldset>
        <div className="grid gap-4 md:grid-cols-2">
          {charts.map(([service, label, percent]) => (
            <SeriesChart
              key={`${host}-${service}`}
              host={host}
              service={service}
              label={label}
              percent={percent}
              minutes={minutes}
            />
          ))}
        </div>
      </Card>
    </div>
  );
}
