import type { Snapshot } from "../../server/api.ts";
import { Badge, Commit } from "../parts/badge.tsx";
import { Card, Empty } from "../parts/card.tsx";
import { RunRow } from "../parts/run-row.tsx";
import { ago, span } from "../text.ts";
import { HostCard } from "./hosts.tsx";
import { AlertList } from "./monitor.tsx";

/** What needs attention first, then what runs where. */
export function Overview(props: { snapshot: Snapshot; now: number }) {
  const { snapshot, now } = props;
  const firing = snapshot.alerts.filter((alert) => alert.resolvedAt === undefined);
  const unread = snapshot.sources.filter((source) => !source.ok);
  const drifted = snapshot.hosts.filter((host) => host.properties.some((property) => property.state === "change"));
  const down = snapshot.checks.filter((check) => check.state === "down");
  const wrong = firing.length + unread.length + drifted.length + down.length;
  return (
    <div className="grid gap-4">
      <div
        role="status"
        className={`flex flex-wrap items-center gap-3 rounded-xl border p-4 ${wrong === 0 ? "border-(--line) bg-(--card)" : "border-(--bad) bg-(--bad-bg)"}`}
      >
        <Badge tone={wrong === 0 ? "good" : "bad"}>{wrong === 0 ? "all is well" : "needs attention"}</Badge>
        <p className="text-sm">
          {wrong === 0
            ? `${snapshot.hosts.length} hosts, ${snapshot.checks.length} checks, ${snapshot.releases.filter((release) => release.commit !== undefined).length} releases running`
            : [
                firing.length > 0 ? `${firing.length} alert${firing.length > 1 ? "s" : ""}` : "",
                down.length > 0 && firing.length === 0
                  ? `${down.length} check${down.length > 1 ? "s" : ""} failing`
                  : "",
                drifted.length > 0 ? `${drifted.map((host) => host.name).join(", ")} not as configured` : "",
                ...unread.map((source) => `${source.name} cannot be read: ${source.error ?? ""}`),
              ]
                .filter((part) => part !== "")
                .join(" · ")}
        </p>
      </div>
      <div className="grid gap-4 lg:grid-cols-3">
        {snapshot.hosts.map((host) => (
          <HostCard key={host.name} host={host} now={now} />
        ))}
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title="What runs where" aside={<a href="#/releases">all releases</a>}>
          {snapshot.releases.length === 0 ? (
            <Empty command="pnpm ops deploy prod">Nothing is deployed yet.</Empty>
          ) : (
            <ul className="grid gap-3">
              {snapshot.releases.map((release) => (
                <li key={release.environment} className="flex flex-wrap items-center gap-2 text-sm">
                  <span className="font-medium">{release.environment}</span>
                  <span className="text-(--soft)">
                    {release.app} on {release.host}
                  </span>
                  {release.commit === undefined ? (
                    <Badge tone="off">nothing yet</Badge>
                  ) : (
                    <Commit id={release.commit} />
                  )}
                  {release.since === undefined ? null : (
                    <span className="text-xs text-(--soft)">for {span(now - release.since)}</span>
                  )}
                  <span className="ml-auto flex gap-1.5">
                    {release.services.map((service) => (
                      <Badge
                        key={`${service.name}-${service.slot}`}
                        tone={service.state === "running" ? "good" : "bad"}
                      >
                        {service.name}
                      </Badge>
                    ))}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Card title="Alerts" aside={<a href="#/monitor">monitor</a>}>
          <AlertList alerts={snapshot.alerts.slice(0, 4)} now={now} />
        </Card>
      </div>
      <Card
        title="Latest runs"
        aside={
          snapshot.runs[0] === undefined ? null : <a href="#/runs">{`last ${ago(snapshot.runs[0].queuedAt, now)}`}</a>
        }
      >
        {snapshot.runs.length === 0 ? (
          <Empty command="git push ci HEAD:review">No commit was pushed yet.</Empty>
        ) : (
          <ul className="grid gap-1">
            {snapshot.runs.slice(0, 5).map((run) => (
              <RunRow key={run.id} run={run} now={now} />
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}
