import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { generateSshKey } from "../../src/index.ts";
import { startLocalCloud } from "../../src/local/cloud.ts";
import { noLimits } from "../../src/local/limits.ts";
import { heldBy, nothing } from "../support/cloud.ts";

const program = fileURLToPath(new URL("./with_python_hcloud.py", import.meta.url));

test("Hetzner's python library makes a server and what belongs to it, and leaves nothing", async () => {
  const name = `pyhcloud${process.pid}`;
  await using cloud = await startLocalCloud({ name, limits: noLimits });
  const env = { TOKEN: cloud.token, ENDPOINT: `${cloud.url}/v1`, KEY: generateSshKey("me").publicKey };
  const { stdout } = await promisify(execFile)("/usr/bin/python3", [program], { env });
  expect(JSON.parse(stdout)).toEqual({
    key: ["me"],
    again: "uniqueness_error",
    server: ["running", { role: "web" }, [true]],
    firewall: [true],
    pointer: ["web.example.org", "web.example.org"],
    protected: "protected",
    images: ["kept"],
    "in use": ["resource_in_use", "resource_in_use"],
    volume: [12, 0],
    address: [true, "stable.example.org"],
    commands: ["create_image", "create_server", "start_server", "stop_server"],
    pages: true,
    stranger: "unauthorized",
    lost: "not_found",
  });
  expect(await heldBy(name)).toEqual(nothing);
});
