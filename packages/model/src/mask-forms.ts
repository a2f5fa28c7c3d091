/** What stands where a secret stood. */
export const masked = "[secret]";

/** A value shorter than this is not looked for: it would hide half of what is printed, and hide nothing. In UTF-16 code units. */
export const shortestValue = 4;
/** The same for one line of a value with several lines. */
export const shortestLine = 6;

/** Of a longer value, its beginning of this length is looked for, and its lines: each character costs memory. In UTF-16 code units. */
export const longestValue = 65_536;

const utf8 = new TextEncoder();

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Bits that a character of base64 stands for, and a byte has. */
const perCharacter = 6;
const perByte = 8;
/** Line lengths of `base64` and of PEM. */
const widths = [76, 64] as const;

/** Base64 of the value alone, wrapped or not, and what is always the same of it in the middle of other bytes: one text per shift. */
function base64Forms(value: string): readonly string[] {
  const bytes = utf8.encode(value);
  const whole = base64(bytes);
  const shifted = [0, 1, 2].map((shift) => {
    const moved = new Uint8Array(shift + bytes.length);
    moved.set(bytes, shift);
    const from = Math.ceil((shift * perByte) / perCharacter);
    return base64(moved).slice(from, Math.floor((moved.length * perByte) / perCharacter));
  });
  const wrapped = widths.flatMap((width) => whole.match(new RegExp(`.{1,${width}}`, "g")) ?? []);
  const standard = [
    whole,
    whole.replace(/=+$/, ""),
    ...shifted,
    ...wrapped.filter((line) => line.length >= shortestLine),
  ];
  return standard.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function hexForms(value: string): readonly string[] {
  const hex = [...utf8.encode(value)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex, hex.toUpperCase()];
}

const lowerEscapes = (text: string): string => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

function uriForms(value: string): readonly string[] {
  // A lone half of a surrogate pair cannot be encoded; what is sent instead is the replacement character.
  const whole = value.toWellFormed();
  const component = encodeURIComponent(whole);
  const strict = component.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams({ a: whole }).toString().slice("a=".length);
  return [component, strict, form, encodeURI(whole)].flatMap((text) => [text, lowerEscapes(text)]);
}

const unit = (char: string): string => char.charCodeAt(0).toString(16).padStart(4, "0");

function jsonForms(value: string): readonly string[] {
  const text = JSON.stringify(value).slice(1, -1);
  const ascii = text.replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${unit(char)}`);
  const forms = [text, ascii, text.replaceAll("/", "\\/"), ascii.replaceAll("/", "\\/")];
  // JSON within JSON, as logs in JSON carry it.
  return [...forms, JSON.stringify(text).slice(1, -1)];
}

function shellForms(value: string): readonly string[] {
  const ansi = value.replaceAll(
    /[\\'\n\r\t]/g,
    (char) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[char] ?? `\\${char}`,
  );
  return [
    value.replaceAll("'", `'\\''`),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll(/["$`\\]/g, "\\$&"),
    value.replaceAll(/["$`\\!]/g, "\\$&"),
    value.replaceAll(/[^A-Za-z0-9_@%+=:,./\n\u0080-\uffff-]/g, "\\$&"),
    ansi,
  ];
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const htmlForms = (value: string): readonly string[] => {
  const text = value.replaceAll(/[&<>"]/g, (char) => entities[char] ?? char);
  return [text, ...["&#39;", "&#x27;", "&apos;"].map((entity) => text.replaceAll("'", entity))];
};

/** Says that a key follows; the same in everybody's key, so that it tells nothing. */
const armor = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r\n|\r|\n/);
  if (lines.length === 1) return [];
  return lines.map((line) => line.trim()).filter((line) => line.length >= shortestLine && !armor.test(line));
}

/** Those where the form of a part is a part of the form: white space around the value needs no forms of its own. */
const encodings = [hexForms, uriForms, jsonForms, shellForms, htmlForms] as const;

/**
 * All texts that give a value away: itself, without white space around, each of its lines of at least 6 characters; in base64 (standard
 * and URL alphabet, at the three shifts it may have within other bytes, wrapped at 64 and 76), hex, and as escaped for a URI, JSON, a POSIX
 * shell and HTML. None for a value of less than 4 characters; of one of more than 64 Ki, its lines and what it begins with.
 */
export function formsOf(given: string): readonly string[] {
  const value = given.slice(0, longestValue);
  const bare = value.trim();
  const whole = [value, bare, bare.replaceAll(/\r?\n/g, "\r\n")];
  const forms = new Set([...whole, ...linesOf(given)]);
  if (bare.length >= shortestValue) {
    for (const one of new Set(whole)) for (const form of base64Forms(one)) forms.add(form);
    for (const encode of encodings) for (const form of encode(bare)) forms.add(form);
  }
  return [...forms].filter((form) => form.length >= shortestValue && form.trim() !== "" && !masked.includes(form));
}
