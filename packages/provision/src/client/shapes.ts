import { z } from "zod";

// What several families read. Anything else in an answer is ignored.

/** `null` stands for none. */
export const listOf = <T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> =>
  z
    .array(item)
    .nullish()
    .transform((all) => all ?? []);

export const tagNames = listOf(z.string());

/** Region slugs are open-ended. */
export const regionRef = z.object({ slug: z.string().nullish() });

/** A droplet that something is bound to: null, or an empty object, when there is none. */
export const dropletRef = z
  .object({ id: z.int().optional() })
  .nullish()
  .transform((droplet) => droplet?.id);

export const action = z.object({
  id: z.int(),
  status: z.enum(["in-progress", "completed", "errored"]),
  type: z.string(),
  started_at: z.string().nullish(),
  completed_at: z.string().nullish(),
  /** Of a volume's action it is null. */
  resource_id: z.int().nullish(),
  resource_type: z.string().nullish(),
  region_slug: z.string().nullish(),
});
export type Action = z.infer<typeof action>;
