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
  /** Character → state, from the beginning. */
  readonly #begin = new Int32Array(0x1_00_00);
  /** State → the first that follows it; the next that follows the same; the character that led to it. Most are followed by one. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #code: Uint16Array;
  readonly #fallback: Int32Array;
  /** Length of the state. */
  readonly depth: Int32Array;
  /** Length of the longest text found that ends here; 0 when none does. */
  readonly found: Int32Array;
  #states = 1;

  constructor(texts: Iterable<string>) {
    const all = [...texts];
    // Room that is not written to costs nothing.
    const most = all.reduce((sum, text) => sum + text.length, 1);
    this.#first = new Int32Array(most);
    this.#next = new Int32Array(most);
    this.#code = new Uint16Array(most);
    this.#fallback = new Int32Array(most);
    this.depth = new Int32Array(most);
    this.found = new Int32Array(most);
    const parents = new Int32Array(most);
    for (const text of all) this.#add(text, parents);
    for (const state of this.#shortFirst()) {
      const parent = parents[state] ?? 0;
      const fallback = parent === 0 ? 0 : this.step(this.#fallback[parent] ?? 0, this.#code[state] ?? 0);
      this.#fallback[state] = fallback;
      this.found[state] ||= this.found[fallback] ?? 0;
    }
  }

  #add(text: string, parents: Int32Array): void {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      let next = this.#follow(state, code);
      if (next === 0) {
        next = this.#states;
        this.#states += 1;
        if (state === 0) this.#begin[code] = next;
        this.#next[next] = this.#first[state] ?? 0;
        this.#first[state] = next;
        this.#code[next] = code;
        this.depth[next] = at + 1;
        parents[next] = state;
      }
      state = next;
    }
    this.found[state] = text.length;
  }

  /** All states but the beginning, shorter ones first: what one falls back to is shorter than itself. */
  #shortFirst(): Int32Array {
    const order = new Int32Array(this.#states);
    let filled = 1;
    for (let at = 0; at < filled; at += 1) {
      for (let state = this.#first[order[at] ?? 0] ?? 0; state !== 0; state = this.#next[state] ?? 0) {
        order[filled] = state;
        filled += 1;
      }
    }
    return order.subarray(1);
  }

  /** The state after a character, without falling back; 0 when there is none. */
  #follow(state: number, code: number): number {
    if (state === 0) return this.#begin[code] ?? 0;
    let next = this.#first[state] ?? 0;
    while (next !== 0 && this.#code[next] !== code) next = this.#next[next] ?? 0;
    return next;
  }

  step(from: number, code: number): number {
    for (let state = from; ; state = this.#fallback[state] ?? 0) {
      const next = this.#follow(state, code);
      if (next !== 0 || state === 0) return next;
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
