import type { App } from "@slipway/model";
import { fail } from "./errors.ts";
import { problemsOf } from "./graph.ts";
import type { PipelineData } from "./pipeline.ts";

/** What a repository says of itself: its pipeline and, when it has `app.ts`, its application. */
export interface Described {
  readonly pipeline: PipelineData;
  readonly app?: App;
}

/** Larger descriptions are refused unread. */
export const maxDescriptionBytes = 256 * 1024;

/**
 * Reads what the evaluation of a patch printed. The text is hostile until it has passed here: unknown fields, wrong types, long
 * lists and impossible graphs are refused with `ci.pipeline-invalid`, all problems in one message.
 */
export async function parseDescription(text: string): Promise<Described> {
  if (text.length > maxDescriptionBytes)
    throw fail("ci.pipeline-invalid", `the description is larger than ${maxDescriptionBytes} bytes`);
  const schema = await describedSchema();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail("ci.pipeline-invalid", "the evaluation printed no JSON", { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 10)
      .map((issue) => `${issue.path.join(".") || "it"}: ${issue.message}`);
    throw fail("ci.pipeline-invalid", `the pipeline is not one: ${problems.join("; ")}`);
  }
  const problems = problemsOf(parsed.data.pipeline);
  if (problems.length > 0) throw fail("ci.pipeline-invalid", problems.join("; "));
  return parsed.data;
}

async function describedSchema() {
  const { z } = await import("zod");
  const name = z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}$/, "use letters, digits, spaces and ._:/-, at most 64");
  const word = z.string().min(1).max(4096);
  const text = z.string().max(16_384);
  const service = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "use a-z, 0-9 and -, at most 32");
  const command = z.tuple([word], text).readonly();
  const env = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), text).readonly();
  const list = <T extends import("zod").ZodType>(item: T) => z.array(item).max(100).readonly();
  const timeoutMs = z
    .number()
    .int()
    .min(100)
    .max(6 * 3_600_000);
  const base = { name, needs: list(name), timeoutMs };
  const absolute = z.string().regex(/^\/[^\s"\\]{1,400}$/, "write an absolute path without spaces or quotes");
  const path = z.string().regex(/^[^/\s"\\[\]][^\s"\\[\]]{0,399}$/, "write a relative path without spaces or quotes");
  const run = z.strictObject({
    kind: z.literal("run"),
    ...base,
    run: command,
    image: word.optional(),
    env,
    inputs: list(word),
    outputs: list(path),
    cache: z.enum(["content", "never"]),
    network: z.enum(["none", "internet"]),
    services: list(service),
  });
  const image = z.strictObject({
    kind: z.literal("image"),
    ...base,
    service,
    from: z.string().regex(/^[a-z0-9][a-z0-9._/:@-]{0,199}$/, "name an image"),
    copy: list(z.strictObject({ from: path, to: absolute })),
    entry: command,
    user: z.string().regex(/^[a-z0-9_-]{1,32}(:[a-z0-9_-]{1,32})?$/),
    env,
  });
  const pipeline = z.strictObject({
    name: service,
    on: z.strictObject({ push: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9/_-]{0,63}$/) }),
    steps: z
      .array(z.discriminatedUnion("kind", [run, image]))
      .min(1, "a pipeline without steps verifies nothing")
      .max(100)
      .readonly(),
  });
  const versions = z.strictObject({
    writes: z.record(z.string(), z.number().int().positive()).readonly(),
    reads: z.record(z.string(), list(z.number().int().positive())).readonly(),
  });
  const http = z.templateLiteral(["/", z.string()]);
  const appService = z.strictObject({
    name: service,
    port: z.number().int().min(1).max(65_535).optional(),
    ready: http.optional(),
    routes: list(http).optional(),
    data: z.boolean().optional(),
    events: versions.optional(),
    reads: list(service).optional(),
    env: env.optional(),
    secrets: list(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)).optional(),
    stopSeconds: z.number().int().min(0).max(600).optional(),
  });
  const app = z.strictObject({ name: service, hostname: z.string().max(253), services: list(appService) });
  // zod gives optional fields as `T | undefined`; JSON has no undefined, so what came from it fits the exact types.
  return z.strictObject({ pipeline, app: app.optional() }) as unknown as import("zod").ZodType<Described>;
}
