export type Tone = "good" | "warn" | "bad" | "busy" | "off";

const looks: Record<Tone, string> = {
  good: "bg-(--good-bg) text-(--good)",
  warn: "bg-(--warn-bg) text-(--warn)",
  bad: "bg-(--bad-bg) text-(--bad)",
  busy: "bg-(--busy-bg) text-(--busy)",
  off: "bg-(--page) text-(--soft)",
};
const signs: Record<Tone, string> = { good: "✓", warn: "!", bad: "✗", busy: "●", off: "–" };

/** A state as a word with a sign, so that colour never tells it alone. */
export function Badge(props: { tone: Tone; children: string }) {
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${looks[props.tone]}`}
    >
      <span aria-hidden="true" className={props.tone === "busy" ? "pulse" : ""}>
        {signs[props.tone]}
      </span>
      {props.children}
    </span>
  );
}

export function Commit(props: { id: string }) {
  return <code className="rounded bg-(--page) px-1.5 py-0.5 font-mono text-xs">{props.id.slice(0, 8)}</code>;
}
