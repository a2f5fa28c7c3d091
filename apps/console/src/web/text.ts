/** A span for people, in the two largest units. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

export const ago = (at: number, now: number): string => (now - at < 5_000 ? "just now" : `${span(now - at)} ago`);
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(fraction < 0.1 ? 1 : 0)} %`;
export const short = (commit: string): string => commit.slice(0, 8);
/** Escape sequences, and characters that turn the direction of text. */
const unseen = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u202a-\u202e\u2066-\u2069]/g;
const overwritten = /[^\n]*\r(?!\n)/g;

/** Terminal colours and carriage returns have no place in a page's text. */
export const plain = (log: string): string => log.replaceAll(unseen, "").replaceAll(overwritten, "");
