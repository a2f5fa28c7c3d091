import { randomBytes } from "node:crypto";
import { messageOf } from "@slipway/model";
import { digitalOcean } from "../../src/client/client.ts";
import { startLocalCloud } from "../../src/local/cloud.ts";
import { removeCloud } from "../../src/local/clouds.ts";
import { engineAt } from "../../src/local/engine.ts";
import { noLimits } from "../../src/local/limits.ts";
import { scenario } from "./scenario.ts";
import type { Validator } from "./validator.ts";

export interface OnLocalCloud {
  readonly problems: readonly string[];
  readonly served: ReadonlySet<string>;
  readonly exchanges: number;
}

/** Uses every call of the client on a local cloud of its own; each request and each answer must be as the document says. */
export async function checkLocalCloud(judge: Validator): Promise<OnLocalCloud> {
  const problems = new Set<string>();
  const served = new Set<string>();
  let exchanges = 0;
  const name = `conformance-${randomBytes(3).toString("hex")}`;
  await using _left = {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await removeCloud(engineAt(), name);
    },
  };
  await using cloud = await startLocalCloud({ name, limits: noLimits });
  const client = await digitalOcean({
    url: cloud.url,
    token: () => Promise.resolve(cloud.token),
    timeoutMs: 300_000,
    lagMs: 2_000,
    limits: [],
    fetch: judge.fetch(({ operation, status, request, answer }, { method, url }) => {
      exchanges += 1;
      const called = operation?.name ?? `${method} ${url}`;
      // What is asked for to be refused is not as described.
      for (const problem of [...(status < 400 ? request : []), ...answer]) problems.add(`${called}: ${problem}`);
      if (operation !== undefined && status < 300) served.add(operation.name);
    }),
  });
  await scenario(client, async (what, work) => {
    try {
      return await work();
    } catch (error) {
      problems.add(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  });
  for (const { name } of judge.document.operations) if (!served.has(name)) problems.add(`${name} is not served`);
  return { problems: [...problems], served, exchanges };
}
