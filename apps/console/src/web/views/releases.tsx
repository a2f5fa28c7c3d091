import type { Snapshot } from "../../server/api.ts";
import { Badge, Commit } from "../parts/badge.tsx";
import { Card, Empty } from "../parts/card.tsx";
import { ago, span } from "../text.ts";

export function Releases(props: { snapshot: Snapshot; now: number }) {
  const { snapshot, now } = props;
  if (snapshot.releases.length === 0) {
    return (
      <Card title="Releases">
        <Empty command="pnpm ops deploy prod">Nothing is deployed yet.</Empty>
      </Card>
    );
  }
  return (
    <div className="grid gap-4">
      {snapshot.releases.map((release) => (
        <Card
          key={release.environment}
          title={`${release.environment}: ${release.app} on ${release.host}`}
          aside={release.since === undefined ? null : `for ${span(now - release.since)}`}
        >
          {release.commit === undefined ? (
            <Empty command={`pnpm ops deploy ${release.environment}`}>Nothing runs here yet.</Empty>
          ) : (
            <div className="mb-4 flex flex-wrap items-center gap-2 text-sm">
              <Commit id={release.commit} />
              <Badge tone="good">verified</Badge>
              {release.signer === undefined ? null : (
                <span className="text-xs text-(--soft)">signed by {release.signer.slice(-16)}</span>
              )}
            </div>
          )}
          <ul className="mb-4 grid gap-2 sm:grid-cols-3">
            {release.services.map((service) => (
              <li
                key={`${service.name}-${service.slot}`}
                className="flex items-center justify-between gap-2 rounded-lg border border-(--line) px-3 py-2 text-sm"
              >
                <span>
                  <span className="font-medium">{service.name}</span>{" "}
                  <span className="text-xs text-(--soft)">{service.slot}</span>
                </span>
                <Badge tone={service.state === "running" ? "good" : "bad"}>{service.state}</Badge>
              </li>
            ))}
          </ul>
          <h3 className="mb-1 text-xs font-semibold text-(--soft)">History</h3>
          <ol className="grid gap-1 text-sm">
            {release.history.map((entry) => (
              <li
                key={`${entry.at}-${entry.commit}`}
                className="grid grid-cols-[5.5rem_auto_1fr_auto] items-center gap-2 border-t border-(--line) py-1.5 first:border-0"
              >
                <span>{entry.action}</span>
                <Commit id={entry.commit} />
                <span className="text-xs text-(--soft)">{ago(entry.at, now)}</span>
                <Badge tone={entry.outcome === "done" ? "good" : entry.outcome === "running" ? "busy" : "bad"}>
                  {entry.outcome}
                </Badge>
              </li>
            ))}
          </ol>
        </Card>
      ))}
    </div>
  );
}
