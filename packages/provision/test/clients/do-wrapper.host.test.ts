import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { travels } from "./journey.ts";
import { posingAs } from "./posing.ts";
import { remote } from "./remote.ts";

const program = fileURLToPath(new URL("./do-wrapper.ts", import.meta.url));
// Older ones know no proxies in the environment.
const brought = fileURLToPath(new URL("../../../../node_modules/.bin/node", import.meta.url));
const node = existsSync(brought) ? brought : process.execPath;

travels("do-wrapper", async (cloud) => {
  const posing = await posingAs("api.digitalocean.com", cloud.url);
  const env = {
    TOKEN: cloud.token,
    NODE_USE_ENV_PROXY: "1",
    HTTPS_PROXY: posing.proxy,
    NODE_EXTRA_CA_CERTS: posing.certificate,
  };
  const has = ["keys", "droplets", "snapshots", "tags", "volumes", "firewalls", "addresses", "domains"] as const;
  const { projects, ...traveller } = remote([node, "--conditions=source", program], env, [...has, "projects"]);
  // It cannot delete a project.
  const { create, list, put, holds } = projects as NonNullable<typeof projects>;
  return {
    ...traveller,
    projects: { create, list, put, holds },
    async [Symbol.asyncDispose]() {
      await traveller[Symbol.asyncDispose]();
      await posing[Symbol.asyncDispose]();
    },
  };
});
