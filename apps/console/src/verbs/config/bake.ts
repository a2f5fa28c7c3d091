import { exitCodes } from "@slipway/model";
import type { Context } from "../../cli/context.ts";
import { bake } from "../../platform/bake.ts";
import { fleetTeller } from "../../platform/fleet-teller.ts";
import { prepare } from "../../platform/prepare.ts";
import { openSession } from "../../platform/session.ts";

export interface BakeOptions {
  readonly host: string;
  readonly image: string;
  readonly withSecrets: boolean;
}

/** Makes an image of a host as ops.config.ts says it. */
export async function bakeHost(context: Context, options: BakeOptions): Promise<number> {
  await using session = await openSession(context);
  const { out, signal, clock } = context;
  const { name } = session.host(options.host);
  const prepared = (await prepare(session, signal)).get(name);
  const host = prepared?.host ?? session.host(name);
  const tell = fleetTeller(context.out);
  const baked = await bake(host, {
    image: options.image,
    withSecrets: options.withSecrets,
    secrets: session.identity.vault,
    clock,
    signal,
    ...(prepared === undefined ? {} : { around: prepared.around }),
    onEvent: (event) => tell({ ...event, host: name }),
    onProgress: (line) => out.mark("note", line),
  });
  const size = `${(baked.sizeBytes / 1e6).toFixed(0)} MB`;
  out.result(`${baked.image} is ${name} with ${baked.properties} properties (${size}, ${baked.id.slice(0, 19)})`, {
    ok: true,
    ...baked,
  });
  return exitCodes.done;
}
