import { unprocessable } from "./http.ts";

/** Tags are checked as DigitalOcean does; `null` stands for none. */
export function readTags(given: unknown): readonly string[] {
  const tags = given === undefined || given === null ? [] : given;
  if (!Array.isArray(tags)) throw unprocessable("Tags must be a list.");
  return tags.map((tag: unknown) => {
    if (typeof tag !== "string" || !/^[a-zA-Z0-9_:-]{1,255}$/.test(tag))
      throw unprocessable(`Tag name ${String(tag)} is invalid: only letters, numbers, colons, dashes and underscores.`);
    return tag;
  });
}
