import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Traveller } from "./traveller.ts";

type Part = Exclude<keyof Traveller, typeof Symbol.asyncDispose>;

/**
 * A traveller in a process of its own, for a library of another language or one whose endpoint is chosen by the environment. Each call is a line
 * `["droplets.one",[12]]` on its standard input, each answer a line `{"value":…}` or `{"error":"…"}` on its standard output.
 */
export function remote(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  parts: readonly Part[],
): Traveller {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
  // Told by the end of its answers.
  child.stdin.on("error", () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  const ask = async (name: string, given: readonly unknown[]): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify([name, given])}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error(`${program} ended at ${name}`);
    const answer = JSON.parse(line.value) as { value?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
    return answer.value ?? undefined;
  };
  // One after the other: answers carry no number.
  const call = (name: string, given: readonly unknown[]): Promise<unknown> => {
    const answer = last.then(() => ask(name, given));
    last = answer.catch(() => undefined);
    return answer;
  };
  const part = (name: string): object =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...given: unknown[]) =>
            call(`${name}.${String(method)}`, given),
      },
    );
  return {
    ...(Object.fromEntries(parts.map((name) => [name, part(name)])) as unknown as Pick<Traveller, Part>),
    [Symbol.asyncDispose]: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const close = once(child, "close");
  child.stdin?.end();
  await close;
}
