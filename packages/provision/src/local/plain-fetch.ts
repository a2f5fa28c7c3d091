import { request } from "node:http";
import type { Answered, Endpoint } from "../client/request.ts";

/**
 * What the client needs of `fetch`, for a server of this process over plain HTTP. The platform's is loaded at its first call, which takes longer
 * than all calls of a plan. A connection for each call: none can be closed by the server just as it is used again.
 */
export const plainFetch: NonNullable<Endpoint["fetch"]> = (url, { method = "GET", headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const sent = typeof body === "string" ? Buffer.from(body) : undefined;
    const call = request(
      url,
      {
        agent: false,
        method,
        headers: { ...(headers as Record<string, string>), ...(sent && { "content-length": sent.length }) },
        ...(signal && { signal }),
      },
      (answer) => {
        const { statusCode: status = 0, statusMessage: statusText = "" } = answer;
        resolve({
          ok: status >= 200 && status < 300,
          status,
          statusText,
          headers: { get: (name) => [answer.headers[name.toLowerCase()]].flat()[0] ?? null },
          async text() {
            const chunks: Buffer[] = [];
            for await (const chunk of answer) chunks.push(chunk as Buffer);
            return Buffer.concat(chunks).toString();
          },
        } satisfies Answered);
      },
    );
    call.once("error", (cause) => reject(new Error("the call failed", { cause })));
    call.end(sent);
  });
