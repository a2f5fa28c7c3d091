import type { RunView, StepState } from "../../server/api.ts";
import { ago, span } from "../text.ts";
import { Badge, Commit, type Tone } from "./badge.tsx";

export const runTone: Record<RunView["state"], Tone> = {
  queued: "off",
  running: "busy",
  passed: "good",
  failed: "bad",
  cancelled: "off",
};
export const stepTone: Record<StepState, Tone> = {
  waiting: "off",
  running: "busy",
  passed: "good",
  cached: "good",
  failed: "bad",
  skipped: "off",
  cancelled: "off",
};
const bars: Record<Tone, string> = {
  good: "bg-(--good)",
  bad: "bg-(--bad)",
  busy: "bg-(--busy) pulse",
  off: "bg-(--line)",
  warn: "bg-(--warn)",
};

export function RunRow(props: { run: RunView; now: number; open?: boolean }) {
  const { run, now } = props;
  const took = run.startedAt === undefined ? undefined : (run.finishedAt ?? now) - run.startedAt;
  return (
    <li>
      <a
        href={`#/runs/${encodeURIComponent(run.id)}`}
        aria-current={props.open === true ? "true" : undefined}
        className={`grid grid-cols-[auto_1fr] items-center gap-x-3 gap-y-1 rounded-lg px-2 py-2 hover:bg-(--page) sm:grid-cols-[7.5rem_1fr_auto_10rem] ${props.open === true ? "bg-(--page)" : ""}`}
      >
        <span className="min-w-0 overflow-hidden">
          <Badge tone={runTone[run.state]}>{run.failedStep ?? run.state}</Badge>
        </span>
        <span className="min-w-0 truncate text-sm">
          <Commit id={run.commit} /> <span className="ml-1">{run.subject}</span>
        </span>
        <span aria-hidden="true" className="col-span-2 flex gap-0.5 sm:col-span-1">
          {run.steps.map((step) => (
            <span
              key={step.name}
              title={`${step.name}: ${step.state}`}
              className={`h-1.5 flex-1 rounded-full sm:w-6 sm:flex-none ${bars[stepTone[step.state]]}`}
            />
          ))}
        </span>
        <span className="hidden text-right text-xs whitespace-nowrap tabular-nums text-(--soft) sm:block">
          {took === undefined ? "" : `${span(took)} · `}
          {ago(run.queuedAt, now)}
        </span>
      </a>
    </li>
  );
}
