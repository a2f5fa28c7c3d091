import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { demultiplex } from "@slipway/connection/demux";
import { AfterMark } from "@slipway/connection/marker";
import { Slots } from "@slipway/connection/slots";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** The bytes in pieces of any size, as a network delivers them. */
const inPieces = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
};
const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe("the mark before a command's output", () => {
  const mark = "slipway-0123456789abcdef01:";

  it("is found wherever the pieces are cut, and only what follows it is passed on", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string({ unit: "binary" }), cuts, async (banner, output, places) => {
        const bytes = Buffer.from(`${banner}${mark}4711\n${output}`);
        const marked = Readable.from(inPieces(bytes, places)).pipe(new AfterMark(mark, () => undefined));
        expect(await text(marked)).toBe(Buffer.from(output).toString());
        expect(marked.pid).toBe(4711);
        expect(marked.preamble).toBe(banner.trim());
      }),
    );
  });

  it("lets a broken connection end the output with an error", async () => {
    const broken = new Error("cut");
    const marked = Readable.from([Buffer.from(`${mark}1\nhalf`)]).pipe(new AfterMark(mark, () => broken));
    await expect(text(marked)).rejects.toBe(broken);
  });
});

describe("Docker's multiplexed stream", () => {
  const frame = ([stream, body]: readonly [number, string]): Buffer => {
    const head = Buffer.alloc(8);
    head[0] = stream;
    head.writeUInt32BE(Buffer.byteLength(body), 4);
    return Buffer.concat([head, Buffer.from(body)]);
  };
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()), { minLength: 1, maxLength: 8 });

  it("is split into both outputs wherever the pieces are cut", async () => {
    await fc.assert(
      fc.asyncProperty(frames, cuts, async (wanted, places) => {
        const [out, err] = [new PassThrough(), new PassThrough()];
        const bytes = Buffer.concat(wanted.map(frame));
        const split = demultiplex(Readable.from(inPieces(bytes, places)), out, err);
        const of = (stream: number): string => wanted.map(([which, body]) => (which === stream ? body : "")).join("");
        expect(await Promise.all([text(out), text(err)])).toEqual(
          [of(1), of(2)].map((each) => Buffer.from(each).toString()),
        );
        await split;
      }),
    );
  });

  it("that is cut inside a frame is an error on both outputs", async () => {
    const bytes = frame([1, "whole"]);
    for (let size = 1; size < bytes.length; size += 1) {
      const [out, err] = [new PassThrough(), new PassThrough()];
      const reads = Promise.allSettled([text(out), text(err)]);
      await expect(demultiplex(Readable.from([bytes.subarray(0, size)]), out, err)).rejects.toThrow(
        "middle of a frame",
      );
      expect((await reads).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    }
  });
});

describe("slots", () => {
  it("never hold more than the limit, and serve everybody in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), fc.nat({ max: 15 }), async (s, limit, count) => {
        const slots = new Slots(limit);
        const served: number[] = [];
        let inside = 0;
        const visit = async (id: number): Promise<void> => {
          const leave = await slots.enter();
          served.push(id);
          inside += 1;
          expect(inside).toBeLessThanOrEqual(limit);
          await s.schedule(Promise.resolve());
          inside -= 1;
          leave();
          leave();
        };
        const visits = Array.from({ length: count }, (_, id) => visit(id));
        await s.waitFor(Promise.all(visits));
        expect(served).toEqual(visits.map((_, id) => id));
        expect(slots.held).toBe(0);
      }),
    );
  });

  it("let those go who stop waiting, and turn everybody away when told", async () => {
    const slots = new Slots(1);
    const leave = await slots.enter();
    const stop = new AbortController();
    const quitter = slots.enter(stop.signal);
    const other = slots.enter();
    stop.abort(new Error("enough"));
    await expect(quitter).rejects.toThrow("enough");
    slots.refuse(new Error("closed"));
    await expect(other).rejects.toThrow("closed");
    leave();
    expect(slots.held).toBe(0);
  });
});
