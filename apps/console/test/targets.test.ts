import { expect, test } from "vitest";
import { existing, existingAddress, existingSpec, inContainer } from "../src/platform/targets.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEbDhPtmlbsqKx5gNqqYY7cMiVXVF6uHeXCg1vSrsX";

test("an existing machine is reached as root, or as the user who is named", () => {
  const address = (more: { readonly port?: number; readonly user?: string }) => {
    const spec = existingSpec(existing({ address: "192.0.2.7", hostKey, ...more }));
    return spec === undefined ? undefined : existingAddress("web", spec);
  };
  expect(address({})).toMatchObject({ host: "web", address: "192.0.2.7", port: 22, user: "root" });
  expect(address({ port: 2222, user: "ada" })).toMatchObject({ port: 2222, user: "ada" });
  expect(existingSpec(inContainer("x"))).toBeUndefined();
});
