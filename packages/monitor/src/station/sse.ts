import type { Readable } from "node:stream";

export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Server-sent events of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html), comments left out. */
export async function* readEvents(source: Readable): AsyncGenerator<ServerSentEvent> {
  source.setEncoding("utf8");
  let rest = "";
  for await (const chunk of source as AsyncIterable<string>) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string): string[] =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
      const data = field("data");
      if (data.length > 0)
        yield { id: field("id")[0] ?? "", event: field("event")[0] ?? "message", data: data.join("\n") };
    }
  }
}
