import { fileURLToPath } from "node:url";
import { travels } from "./journey.ts";
import { remote } from "./remote.ts";

const program = fileURLToPath(new URL("./with_python_digitalocean.py", import.meta.url));

travels("python-digitalocean", async (cloud) => {
  const env = { DIGITALOCEAN_ACCESS_TOKEN: cloud.token, DIGITALOCEAN_END_POINT: `${cloud.url}/v2/` };
  const has = ["keys", "droplets", "snapshots", "tags", "volumes", "firewalls", "addresses", "domains"] as const;
  return remote(["/usr/bin/python3", program], env, [...has, "projects"]);
});
