import { type ReactNode, useEffect, useState } from "react";
import type { Snapshot } from "../server/api.ts";
import { useSnapshot } from "./live.ts";
import { Badge } from "./parts/badge.tsx";
import { ago } from "./text.ts";
import { Hosts } from "./views/hosts.tsx";
import { Monitor } from "./views/monitor.tsx";
import { Overview } from "./views/overview.tsx";
import { Releases } from "./views/releases.tsx";
import { Runs } from "./views/runs.tsx";

const views = [
  ["overview", "Overview"],
  ["runs", "Runs"],
  ["releases", "Releases"],
  ["hosts", "Hosts"],
  ["monitor", "Monitor"],
] as const;
type ViewName = (typeof views)[number][0];

const routeText = (): string => location.hash.replace(/^#\//, "");

/** The part of the address after `#/`: a view, and what is open in it. */
function useRoute(): readonly [view: ViewName, rest: readonly string[]] {
  const [hash, setHash] = useState(routeText);
  useEffect(() => {
    const changed = (): void => setHash(routeText());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const [name, ...rest] = hash.split("/").map(decodeURIComponent);
  const view = views.find(([id]) => id === name)?.[0] ?? "overview";
  return [view, rest];
}

/** The time, every second, for ages that are shown. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function body(view: ViewName, rest: readonly string[], snapshot: Snapshot, now: number): ReactNode {
  switch (view) {
    case "overview":
      return <Overview snapshot={snapshot} now={now} />;
    case "runs":
      return <Runs snapshot={snapshot} now={now} open={rest} />;
    case "releases":
      return <Releases snapshot={snapshot} now={now} />;
    case "hosts":
      return <Hosts snapshot={snapshot} now={now} />;
    case "monitor":
      return <Monitor snapshot={snapshot} now={now} />;
  }
}

export function App() {
  const { snapshot, live, error } = useSnapshot();
  const [view, rest] = useRoute();
  const now = useNow();
  const firing = snapshot?.alerts.filter((alert) => alert.resolvedAt === undefined).length ?? 0;
  return (
    <div className="mx-auto min-h-screen max-w-[1400px] md:grid md:grid-cols-[200px_1fr]">
      <aside className="border-(--line) px-4 py-4 md:sticky md:top-0 md:h-screen md:border-r md:py-6">
        <div className="flex items-center gap-2.5 md:mb-6">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <div className="leading-tight">
            <div className="font-semibold tracking-tight">Slipway</div>
            <div className="text-xs text-(--soft)">{snapshot?.platform ?? "…"}</div>
          </div>
          <div className="ml-auto md:hidden">
            <Badge tone={live ? "good" : "warn"}>{live ? "live" : "waiting"}</Badge>
          </div>
        </div>
        <nav
          aria-label="Views"
          className="-mx-4 mt-3 flex justify-between overflow-x-auto px-2 md:mx-0 md:mt-0 md:flex-col md:gap-0.5 md:px-0"
        >
          {views.map(([id, title]) => (
            <a
              key={id}
              href={`#/${id}`}
              aria-current={view === id ? "page" : undefined}
              className={`flex items-center justify-between rounded-lg px-2.5 py-2 text-sm whitespace-nowrap md:px-3 ${view === id ? "bg-(--busy-bg) font-medium text-(--accent)" : "text-(--soft) hover:text-(--ink)"}`}
            >
              {title}
              {id === "monitor" && firing > 0 ? (
                <span className="ml-1 rounded-full bg-(--bad-bg) px-1.5 text-xs text-(--bad)">{firing}</span>
              ) : null}
            </a>
          ))}
        </nav>
        <div className="mt-6 hidden md:block">
          <Badge tone={live ? "good" : "warn"}>{live ? "live" : "reconnecting"}</Badge>
          {snapshot === undefined ? null : (
            <div className="mt-1.5 text-xs text-(--soft)">as of {ago(snapshot.at, now)}</div>
          )}
        </div>
      </aside>
      <main className="min-w-0 px-4 pb-10 md:px-6 md:py-6">
        <h1 className="sr-only">{views.find(([id]) => id === view)?.[1]}</h1>
        {error !== null && snapshot === undefined ? (
          <p role="alert" className="rounded-lg bg-(--bad-bg) p-4 text-sm text-(--bad)">
            {error.message}
          </p>
        ) : null}
        {snapshot === undefined ? (
          error === null ? (
            <p className="p-4 text-sm text-(--soft)">Reading the hosts …</p>
          ) : null
        ) : (
          body(view, rest, snapshot, now)
        )}
      </main>
    </div>
  );
}
