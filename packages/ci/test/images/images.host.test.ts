import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { localDocker } from "@slipway/connection/docker";
import { expect, test } from "vitest";
import { runtimeImage, toolchainImage } from "../../src/images/base.ts";

const run = promisify(execFile);
const docker = await localDocker();
const options = () => ({ signal: AbortSignal.timeout(120_000) });
const inside = async (image: string, script: string) =>
  (await run("docker", ["run", "--rm", "--network", "none", image, "sh", "-c", script])).stdout.trim();

test("the runtime image has Node, a shell and the user app, and its user may write where it should", async () => {
  const image = await runtimeImage(docker, options());
  expect(image.name).toMatch(/^slipway\/node:\d+\.\d+\.\d+-[0-9a-f]{12}$/);
  expect(await inside(image.name, "node -p process.versions.node; id -un; id -u; pwd")).toBe(
    `${process.versions.node}\napp\n1000\n/app`,
  );
  expect(await inside(image.name, "touch /tmp/x /data/x && test ! -w /usr && echo only-there")).toBe("only-there");
  expect(image.sizeBytes).toBeLessThan(150_000_000);
});

test("the second call does nothing", async () => {
  const first = await runtimeImage(docker, options());
  expect(await runtimeImage(docker, options())).toEqual({ ...first, built: false });
});

test("built again it is the same image", async () => {
  const first = await runtimeImage(docker, options());
  // The engine answers "no such image" once: the whole image is made and sent a second time.
  let asked = 0;
  const forgetful = {
    loadImage: (archive: NodeJS.ReadableStream) => docker.loadImage(archive),
    pull: (reference: string) => docker.pull(reference),
    getImage: (name: string) => ({
      inspect: async () => {
        asked += 1;
        if (asked === 1) throw Object.assign(new Error("no such image"), { statusCode: 404 });
        return await docker.getImage(name).inspect();
      },
    }),
  };
  expect(await runtimeImage(forgetful, options())).toEqual({ ...first, built: true });
});

test("a registry that does not answer is no obstacle", async () => {
  const image = await runtimeImage(docker, { ...options(), registry: "127.0.0.1:9" });
  expect(image.name).toMatch(/^slipway\/node:/);
});

test("the toolchain image shares the runtime's layers and has pnpm and git", async () => {
  const [runtime, toolchain] = [await runtimeImage(docker, options()), await toolchainImage(docker, options())];
  const layersOf = async (id: string) => (await docker.getImage(id).inspect()).RootFS.Layers ?? [];
  expect((await layersOf(toolchain.id)).slice(0, 2)).toEqual(await layersOf(runtime.id));
  expect(
    await inside(toolchain.name, "pnpm --version && git init -q /tmp/r && git -C /tmp/r rev-parse --git-dir"),
  ).toBe("12.21.0\n.git");
});
