import { expect, test } from "vitest";
import { endpoint } from "../src/platform/endpoint.ts";

const asked = (url: string | undefined) => {
  const said: string[] = [];
  const out = { mark: (_: unknown, line: string) => void said.push(line) };
  const env = url === undefined ? {} : { SLIPWAY_CLOUD_URL: url };
  return { all: [endpoint(env, out), endpoint(env, out)], said };
};

test("a token goes to another endpoint by https, or to this machine, which is said once and without a password in it", () => {
  for (const url of ["https://ada:hidden@cloud.example.org/x", "http://127.0.0.1:4380", "http://localhost:1", "http://[::1]:1"]) {
    const { all, said } = asked(url);
    expect(all).toEqual([{ url }, { url }]);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(new URL(url).origin);
    expect(said[0]).not.toContain("hidden");
  } // biome-ignore format: a table
  for (const none of [undefined, ""]) expect(asked(none)).toEqual({ all: [{}, {}], said: [] });
});

test("no token is sent in the clear to another machine", () => {
  for (const url of ["http://cloud.example.org", "http://192.0.2.1", "http://127.0.0.1.example.org", "http://localhost.example.org", "http://localhost@evil.example", "ftp://localhost", "localhost:80", "x"])
    expect(() => asked(url), url).toThrow(expect.objectContaining({ code: "ops.cloud-url" })); // biome-ignore format: a table
});
