import { pipeline, push, step } from "@slipway/ci";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxDescriptionBytes, parseDescription } from "../src/schema.ts";

const good = { pipeline: pipeline("p", { on: push("review"), steps: [step("a", { run: ["true"] })] }) };
const parse = (value: unknown) => parseDescription(JSON.stringify(value));

describe("parseDescription", () => {
  it("gives back a good description as it is", async () => {
    const app = {
      name: "shop",
      hostname: "_",
      services: [
        { name: "core", port: 80, ready: "/readyz", data: true, events: { writes: { lent: 1 }, reads: { lent: [1] } } },
      ],
    };
    expect(await parse({ ...good, app })).toEqual({ ...good, app });
  });

  it("refuses what is not a pipeline, naming the place", async () => {
    const broken: [unknown, RegExp][] = [
      [{}, /pipeline: /],
      [{ pipeline: { ...good.pipeline, steps: [] } }, /a pipeline without steps verifies nothing/],
      [{ pipeline: { ...good.pipeline, secrets: ["*"] } }, /secrets/],
      [{ pipeline: { ...good.pipeline, steps: [{ ...good.pipeline.steps[0], privileged: true }] } }, /privileged/],
      [{ pipeline: { ...good.pipeline, steps: [{ ...good.pipeline.steps[0], name: "a\nb" }] } }, /steps\.0\.name/],
      [{ pipeline: { ...good.pipeline, steps: [{ ...good.pipeline.steps[0], network: "host" }] } }, /network/],
      [{ pipeline: { ...good.pipeline, steps: [{ ...good.pipeline.steps[0], run: [] }] } }, /run/],
      [{ pipeline: { ...good.pipeline, steps: [{ ...good.pipeline.steps[0], needs: ["b"] }] } }, /needs "b"/],
    ];
    for (const [value, message] of broken) {
      await expect(parse(value), JSON.stringify(value)).rejects.toMatchObject({
        code: "ci.pipeline-invalid",
        message: expect.stringMatching(message),
      });
    }
    await expect(parseDescription("{".repeat(10))).rejects.toMatchObject({ code: "ci.pipeline-invalid" });
    await expect(parseDescription(" ".repeat(maxDescriptionBytes + 1))).rejects.toThrow(/larger than/);
  });

  it("answers any text with a description or its one error", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"pipeline":${json}}`),
        ),
        async (text) => {
          await parseDescription(text).then(
            () => {
              throw new Error("nobody writes a pipeline by chance");
            },
            (error: unknown) => expect(error).toMatchObject({ code: "ci.pipeline-invalid" }),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
