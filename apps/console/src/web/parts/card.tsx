import type { ReactNode } from "react";

export function Card(props: { title: string; aside?: ReactNode; children: ReactNode; id?: string }) {
  return (
    <section
      aria-label={props.title}
      className="min-w-0 rounded-xl border border-(--line) bg-(--card) shadow-[0_1px_2px_rgb(0_0_0/0.04)]"
      {...(props.id === undefined ? {} : { id: props.id })}
    >
      <header className="flex items-center justify-between gap-3 border-b border-(--line) px-4 py-3">
        <h2 className="text-sm font-semibold tracking-tight">{props.title}</h2>
        <div className="text-xs text-(--soft)">{props.aside}</div>
      </header>
      <div className="p-4">{props.children}</div>
    </section>
  );
}

/** What an empty place says: the command that fills it. */
export function Empty(props: { children: ReactNode; command: string }) {
  return (
    <p className="text-sm text-(--soft)">
      {props.children}{" "}
      <code className="rounded bg-(--page) px-1.5 py-0.5 font-mono text-xs text-(--ink)">{props.command}</code>
    </p>
  );
}
