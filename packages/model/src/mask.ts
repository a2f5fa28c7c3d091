import { formsOf, masked } from "./mask-forms.ts";

/** Text in pieces, in which a secret may be cut anywhere. */
export interface MaskStream {
  /** What is sure by now: the text so far, but for an end in which a secret may have begun. */
  push(chunk: string): string;
  /** The rest. The stream may then be used anew. */
  flush(): string;
}

/** Takes secrets out of text: `[secret]` stands for each, and for several that overlap. The same, however the text is cut. */
export interface Mask {
  text(text: string): string;
  stream(): MaskStream;
}

/**
 * All texts to be found, in one machine (Aho and Corasick 1975): one pass whatever their number, linear in the text's length.
 * A state is the longest end of the text that begins one of them.
 */
class Search {
  /** Character → its number among those that occur in any of the texts, from 1; 0 for all others. */
  readonly #letters = new Uint16Array(0x1_00_00);
  #size = 1;
  /** State and letter as one small number → next state. */
  readonly #next = new Map<number, number>();
  readonly #fallback: number[] = [0];
  /** Length of the state. */
  readonly depth: number[] = [0];
  /** Length of the longest text found that ends here; 0 when none does. */
  readonly found: number[] = [0];

  constructor(texts: Iterable<string>) {
    const all = [...texts];
    for (const text of all) for (let at = 0; at < text.length; at += 1) this.#learn(text.charCodeAt(at));
    const states: [state: number, parent: number, code: number][] = [];
    for (const text of all) {
      let state = 0;
      for (let at = 0; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        const key = state * this.#size + (this.#letters[code] ?? 0);
        let next = this.#next.get(key);
        if (next === undefined) {
          next = this.depth.length;
          this.#next.set(key, next);
          this.depth.push(at + 1);
          this.found.push(0);
          this.#fallback.push(0);
          states.push([next, state, code]);
        }
        state = next;
      }
      this.found[state] = text.length;
    }
    // Shorter states first: what a state falls back to is shorter than itself.
    states.sort(([a], [b]) => (this.depth[a] ?? 0) - (this.depth[b] ?? 0));
    for (const [state, parent, code] of states) {
      const fallback = parent === 0 ? 0 : this.step(this.#fallback[parent] ?? 0, code);
      this.#fallback[state] = fallback;
      this.found[state] ||= this.found[fallback] ?? 0;
    }
  }

  #learn(code: number): void {
    if (this.#letters[code] !== 0) return;
    this.#letters[code] = this.#size;
    this.#size += 1;
  }

  step(from: number, code: number): number {
    const letter = this.#letters[code] ?? 0;
    if (letter === 0) return 0;
    for (let state = from; ; state = this.#fallback[state] ?? 0) {
      const next = this.#next.get(state * this.#size + letter);
      if (next !== undefined) return next;
      if (state === 0) return 0;
    }
  }
}

/** A part of the held text that is secret. It may have begun in text that was given out already: `start` is then negative. */
interface Span {
  readonly start: number;
  readonly end: number;
}

class Stream implements MaskStream {
  readonly #search: Search;
  #state = 0;
  #held = "";
  #spans: Span[] = [];

  constructor(search: Search) {
    this.#search = search;
  }

  push(chunk: string): string {
    const text = this.#held + chunk;
    for (let at = this.#held.length; at < text.length; at += 1) {
      this.#state = this.#search.step(this.#state, text.charCodeAt(at));
      const length = this.#search.found[this.#state] ?? 0;
      if (length > 0) this.#mark(at + 1 - length, at + 1);
    }
    // Nothing that is still to be found begins before this.
    return this.#give(text, text.length - (this.#search.depth[this.#state] ?? 0));
  }

  flush(): string {
    this.#state = 0;
    return this.#give(this.#held, this.#held.length);
  }

  #mark(from: number, end: number): void {
    let start = from;
    for (let last = this.#spans.at(-1); last !== undefined && last.end > start; last = this.#spans.at(-1)) {
      start = Math.min(start, last.start);
      this.#spans.pop();
    }
    this.#spans.push({ start, end });
  }

  #give(text: string, until: number): string {
    let shown = "";
    let at = 0;
    const open: Span[] = [];
    for (const { start, end } of this.#spans) {
      if (start < until) {
        shown += text.slice(at, Math.max(at, start));
        at = Math.min(end, until);
      }
      if (end <= until) shown += masked;
      else open.push({ start: start - until, end: end - until });
    }
    shown += text.slice(at, until);
    this.#spans = open;
    this.#held = text.slice(until);
    return shown;
  }
}

function maskOf(search: () => Search): Mask {
  return {
    text(text) {
      const stream = new Stream(search());
      return stream.push(text) + stream.flush();
    },
    stream: () => new Stream(search()),
  };
}

/**
 * Hides values in all forms of {@link formsOf}. A value of less than 4 characters, and a line of less than 6 in one with several, stay.
 * Not found: what was encrypted, compressed, or cut out of the middle of a value.
 */
export function mask(values: Iterable<string>): Mask {
  const search = new Search([...values].flatMap(formsOf));
  return maskOf(() => search);
}

/** A mask to which values are added as they become known; streams hide what was known when they were made. */
export interface GrowingMask extends Mask {
  add(value: string): void;
}

export function growingMask(): GrowingMask {
  const forms = new Set<string>();
  let search: Search | undefined;
  return {
    ...maskOf(() => (search ??= new Search(forms))),
    add(value) {
      if (forms.has(value)) return;
      for (const form of formsOf(value)) forms.add(form);
      search = undefined;
    },
  };
}
