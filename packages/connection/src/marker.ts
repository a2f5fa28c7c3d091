import { Transform, type TransformCallback } from "node:stream";

/** Enough to quote a banner in an error; a login shell that prints more is cut. */
const maxPreamble = 64 * 1024;

/** Drops everything up to the line that starts with the mark, and passes on the rest. */
export class AfterMark extends Transform {
  /** The process id, once the mark was seen. */
  pid: number | undefined;
  #mark: Buffer;
  #head: Buffer = Buffer.alloc(0);
  #ending: () => Error | undefined;

  /** `ending` is asked when the source ends; an error it gives is raised instead of a quiet end. */
  constructor(mark: string, ending: () => Error | undefined) {
    super();
    this.#mark = Buffer.from(mark);
    this.#ending = ending;
  }

  /** What came before the mark, or all there was when it never came. */
  get preamble(): string {
    return this.#head.toString("utf8").trim();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.pid !== undefined) {
      done(null, chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const at = this.#head.indexOf(this.#mark);
    const end = at < 0 ? -1 : this.#head.indexOf(10, at);
    if (end < 0) {
      if (this.#head.length > maxPreamble) this.#head = this.#head.subarray(-maxPreamble);
      done();
      return;
    }
    this.pid = Number(this.#head.toString("latin1", at + this.#mark.length, end));
    const rest = this.#head.subarray(end + 1);
    this.#head = this.#head.subarray(0, at);
    this.emit("mark", this.pid);
    if (rest.length > 0) this.push(rest);
    done();
  }

  override _flush(done: TransformCallback): void {
    done(this.#ending() ?? null);
  }
}
