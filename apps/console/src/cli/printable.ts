const start = "\u001b";
const controls = /[\u0000-\u001f\u007f-\u009f]/g;
/** Tabs and lines do no harm, and colours only paint. */
const harmless = new RegExp(`${start}\\[[\\d;]*m|[\\t\\n]`, "g");

const visible = (sign: string): string => {
  const code = sign.charCodeAt(0);
  if (code === 127) return "^?";
  return code < 32 ? `^${String.fromCharCode(code + 64)}` : `\\x${code.toString(16)}`;
};

/**
 * Text as it may go to a terminal: what a host says must not move the cursor, set the title or answer for whoever sits there. Control
 * characters are shown as `cat -v` does; tabs, line ends and colours stay. A carriage return before a line end is dropped.
 */
export function printable(text: string): string {
  const kept = text.replaceAll("\r\n", "\n");
  let shown = "";
  let at = 0;
  for (const found of kept.matchAll(harmless)) {
    shown += kept.slice(at, found.index).replace(controls, visible) + found[0];
    at = found.index + found[0].length;
  }
  return shown + kept.slice(at).replace(controls, visible);
}
