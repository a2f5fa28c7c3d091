import { useState } from "react";
import type { RunView, Snapshot } from "../../server/api.ts";
import { useLog } from "../live.ts";
import { Badge, Commit } from "../parts/badge.tsx";
import { Card, Empty } from "../parts/card.tsx";
import { RunRow, runTone, stepTone } from "../parts/run-row.tsx";
import { ago, plain, span } from "../text.ts";

const shownLines = 400;

function Log(props: { run: RunView; step: string; running: boolean }) {
  const { text, error } = useLog(props.run.repository, props.run.id, props.step, props.running);
  const lines = plain(text).split("\n");
  const hidden = Math.max(0, lines.length - shownLines);
  return (
    <div
      className="overflow-x-auto rounded-lg bg-(--log) p-3 font-mono text-xs leading-relaxed text-slate-200"
      role="log"
      aria-label={`Log of ${props.step}`}
    >
      {error === null ? null : <p className="text-rose-300">{error.message}</p>}
      {hidden > 0 ? (
        <p className="text-slate-400">{`… ${hidden} lines above; ops ci log ${props.run.id} ${props.step} prints all`}</p>
      ) : null}
      <pre className="whitespace-pre-wrap break-words">{lines.slice(hidden).join("\n") || "(no output)"}</pre>
    </div>
  );
}

function Run(props: { run: RunView; now: number }) {
  const { run, now } = props;
  const telling =
    run.failedStep ??
    run.steps.find((step) => step.state === "running")?.name ??
    run.steps.findLast((step) => step.state !== "waiting")?.name;
  const [chosen, choose] = useState<string | undefined>(undefined);
  const step = chosen ?? telling;
  const running = run.steps.find((one) => one.name === step)?.state === "running";
  return (
    <Card
      title={run.subject === "" ? run.commit.slice(0, 8) : run.subject}
      aside={<Badge tone={runTone[run.state]}>{run.state}</Badge>}
    >
      <p className="mb-3 flex flex-wrap items-center gap-2 text-xs text-(--soft)">
        <Commit id={run.commit} /> {run.repository} · {run.author} · {ago(run.queuedAt, now)}
        {run.startedAt === undefined ? "" : ` · ${span((run.finishedAt ?? now) - run.startedAt)}`}
      </p>
      {run.reason === undefined ? null : (
        <p className="mb-3 rounded-lg bg-(--bad-bg) px-3 py-2 text-sm text-(--bad)">{run.reason}</p>
      )}
      <fieldset className="mb-3 flex flex-wrap gap-1.5" aria-label="Steps">
        {run.steps.map((one) => (
          <button
            type="button"
            key={one.name}
            onClick={() => choose(one.name)}
            aria-pressed={one.name === step}
            className={`flex cursor-pointer items-center gap-2 rounded-lg border px-2.5 py-1.5 text-xs ${one.name === step ? "border-(--accent)" : "border-(--line)"}`}
          >
            <Badge tone={stepTone[one.state]}>{one.state}</Badge>
            <span className="font-medium">{one.name}</span>
            {one.ms === undefined ? null : <span className="text-(--soft)">{span(one.ms)}</span>}
          </button>
        ))}
      </fieldset>
      {step === undefined ? (
        <p className="text-sm text-(--soft)">It waits for its turn.</p>
      ) : (
        <Log run={run} step={step} running={running} />
      )}
    </Card>
  );
}

export function Runs(props: { snapshot: Snapshot; now: number; open: readonly string[] }) {
  const { snapshot, now } = props;
  const queue = snapshot.runs.filter((run) => run.state === "queued" || run.state === "running");
  const open = snapshot.runs.find((run) => run.id === props.open[0]) ?? snapshot.runs[0];
  return (
    <div className="grid gap-4">
      <Card title="Runs" aside={queue.length === 0 ? "the queue is empty" : `${queue.length} in the queue`}>
        {snapshot.runs.length === 0 ? (
          <Empty command="git push ci HEAD:review">No commit was pushed yet.</Empty>
        ) : (
          <ul className="grid gap-1">
            {snapshot.runs.map((run) => (
              <RunRow key={run.id} run={run} now={now} open={run.id === open?.id} />
            ))}
          </ul>
        )}
      </Card>
      {open === undefined ? null : <Run key={open.id} run={open} now={now} />}
    </div>
  );
}
