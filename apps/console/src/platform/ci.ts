import { type Repository, repositoryAt } from "@slipway/ci";
import type { Connection } from "@slipway/model";
import { fail } from "../errors.ts";
import type { Session } from "./session.ts";

/** The CI's host and a repository there; the platform's first one when none is named. Throws `ops.no-ci`. */
export async function ciOf(
  session: Session,
  name?: string,
): Promise<{ readonly connection: Connection; readonly repository: Repository }> {
  const { ci } = session.project.platform;
  const wanted = name ?? ci?.repositories[0];
  if (ci === undefined || wanted === undefined) throw fail("ops.no-ci", "the platform has no CI");
  return { connection: await session.connect(ci.on.name), repository: repositoryAt(wanted) };
}
