import { expect, test } from "vitest";
import { refusal } from "../src/client/refusal.ts";
import { hetznerRefusal } from "../src/hetzner/refusal.ts";

const call = {
  method: "POST",
  path: "/v2/droplets?page=1",
  secrets: ["dop_v1_secret", "#cloud-config\npassword: hunter22\n"],
};
const told = (status: number, message: string, more: object = {}) =>
  refusal({ status, statusText: "Status", headers: new Headers() }, { id: "x", message, ...more }, call);

test.each([
  [401, "Unable to authenticate you.", "token.refused"],
  [403, "You are not authorized to perform this operation", "token.refused"],
  [404, "The resource you were accessing could not be found.", "cloud.absent"],
  [409, "duplicate name", "name.taken"],
  [409, "volume with name already exists", "name.taken"],
  [
    409,
    "A volume that's attached to a Droplet cannot be deleted. Please detach it first before deleting.",
    "cloud.refused",
  ],
  [412, "Cannot move a Reserved IP with an associated Droplet. Move the Droplet instead", "cloud.refused"],
  [422, "SSH Key is already in use on your account", "name.taken"],
  [422, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)", "cloud.refused"],
  [422, "You specified an invalid image for Droplet creation.", "image.unknown"],
  [422, "You specified an invalid region for Droplet creation.", "region.unknown"],
  [422, "You specified an invalid size for Droplet creation.", "size.unknown"],
  [422, "creating this/these droplet(s) will exceed your droplet limit", "quota.exceeded"],
  [422, "Droplet already has a pending event.", "machine.busy"],
  [422, "Size can not decrease size of Droplet's disk image", "cloud.refused"],
  [422, "domain 'example.org': name already exists", "name.taken"],
  [422, "Data needs to end with a dot (.)", "cloud.refused"],
  [429, "API Rate limit exceeded.", "rate.limited"],
  [500, "Server Error", "cloud.failed"],
])("%i %s is %s", (status, message, code) => {
  const error = told(status, message);
  expect(error).toMatchObject({ code, status, sure: status < 500 });
  expect(error.message).toBe(`${message} (${status} at POST /v2/droplets)`);
  expect(error.hint).not.toBe("");
});

test("tells the request's id, from the body or the header", () => {
  expect(told(500, "Oh", { request_id: "abc" }).message).toBe("Oh (500 at POST /v2/droplets, request abc)");
  const headers = new Headers({ "x-request-id": "def" });
  expect(refusal({ status: 502, statusText: "Bad Gateway", headers }, undefined, call)).toMatchObject({
    code: "cloud.failed",
    message: "Bad Gateway (502 at POST /v2/droplets, request def)",
    sure: false,
  });
});

test("a stranger's answer is told apart", () => {
  const headers = new Headers();
  expect(refusal({ status: 200, statusText: "OK", headers }, undefined, call)).toMatchObject({
    code: "cloud.unexpected",
    sure: false,
  });
  expect(refusal({ status: 400, statusText: "Bad Request", headers }, [], call).message).toContain("Bad Request");
});

test("neither token nor user data is in what it says, nor more than a little", () => {
  const { message } = told(422, `bad token dop_v1_secret and user_data password: hunter22 ${"x".repeat(5_000)}`);
  expect(message).toContain("bad token [secret] and user_data [secret]");
  expect(message).not.toMatch(/dop_v1|hunter22/);
  expect(message.length).toBeLessThan(600);
});

test("nor is a line of a key that the user data holds as JSON", () => {
  const lines = ["-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", "QyNTUxOQAAACDxqWZ1n0cK"];
  const config = `#cloud-config\n${JSON.stringify({ ssh_keys: { ed25519_private: lines.join("\n") } })}\n`;
  const headers = new Headers();
  const said = { message: `invalid: ${lines[1]}` };
  const { message } = refusal({ status: 422, statusText: "", headers }, said, { ...call, secrets: [config] });
  expect(message).toContain("invalid: [secret]");
});

test("a line of the user data is no more told by Hetzner's errors than the whole of it", () => {
  const said = { error: { code: "invalid_input", message: "user_data: password: hunter22 is wrong" } };
  const { message } = hetznerRefusal({ status: 422, statusText: "", headers: new Headers() }, said, call);
  expect(message).toContain("user_data: [secret] is wrong");
});
