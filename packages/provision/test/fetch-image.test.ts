import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { fetchImage, isClosed } from "../src/local/fetch-image.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const limits = { bytes: 8, answerMs: 60_000, wholeMs: 60_000 };
const whole = async (...of: Parameters<typeof fetchImage>): Promise<string> => text(await fetchImage(...of));
const to =
  (location: string): RequestListener =>
  (_request, response) =>
    response.writeHead(302, { location }).end();
/** A resolver for which every name leads to these. */
const leadsTo =
  (...addresses: string[]): LookupFunction =>
  (_name, { all }, told) => {
    if (all === true)
      told(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    else told(null, addresses[0] ?? "", 4);
  };

test("what a URL answers is fetched, through redirects", async () => {
  const url = await serve((request, response) =>
    request.url === "/image" ? response.end("12345678") : to("/image")(request, response),
  );
  expect(await whole(`${url}/old`, limits)).toBe("12345678");
});

test("an image that is larger than may be is not taken, whether it says so or not", async () => {
  const silent = await serve((_request, response) => {
    response.write("12345");
    response.end("6789");
  });
  await expect(whole(silent, limits)).rejects.toThrow("Your image is too large.");
  const honest = await serve((_request, response) => response.end("123456789"));
  await expect(fetchImage(honest, limits)).rejects.toThrow("Your image is too large.");
});

test("an image that stalls is given up", async () => {
  const url = await serve((_request, response) => void response.write("1"));
  await expect(whole(url, { ...limits, wholeMs: 20 })).rejects.toThrow("it took too long");
  const silent = await serve(() => undefined);
  await expect(whole(silent, { ...limits, answerMs: 20 })).rejects.toThrow("unable to download");
});

test("an image that breaks off is none", async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { "content-length": 8 }).write("1234", () => response.destroy());
  });
  await expect(whole(url, limits)).rejects.toThrow("the connection broke");
});

const why = "We do not download images from link-local addresses.";
test("nothing is asked at the addresses of metadata, by number, name or redirect", async () => {
  await expect(whole("http://169.254.169.254/metadata/v1.json", limits)).rejects.toThrow(why);
  await expect(whole("http://2852039166/", limits)).rejects.toThrow(why);
  await expect(whole("http://[::ffff:169.254.169.254]/", limits)).rejects.toThrow(why);
  await expect(whole("http://[fe80::1]/", limits)).rejects.toThrow(why);
  await expect(whole(await serve(to("http://169.254.169.254/")), limits)).rejects.toThrow(why);
  await expect(whole("http://metadata.example/", limits, leadsTo("169.254.169.254"))).rejects.toThrow(why);
  await expect(whole("https://metadata.example/", limits, leadsTo("192.0.2.1", "169.254.0.1"))).rejects.toThrow(why);
  const { port } = new URL(await serve((_request, response) => response.end("named")));
  expect(await whole(`http://image.example:${port}/`, limits, leadsTo("127.0.0.1"))).toBe("named");
});

test("redirects end, and lead to no files", async () => {
  await expect(whole(await serve(to("/")), limits)).rejects.toThrow("redirects too often");
  await expect(whole(await serve(to("file:///etc/passwd")), limits)).rejects.toThrow("unable to download");
  await expect(whole(await serve(to("http://[")), limits)).rejects.toThrow("unable to download");
});

test.each([
  ["169.254.0.1", true],
  ["169.255.0.1", false],
  ["fe80::1%eth0", true],
  ["fd00:ec2::254", true],
  ["fd00::1", false],
  ["127.0.0.1", false],
  ["::1", false],
  ["10.0.0.1", false],
])("%s is closed: %s", (address, is) => {
  expect(isClosed(address)).toBe(is);
});
