import { fileURLToPath } from "node:url";
import { travels } from "./journey.ts";
import { posingAs } from "./posing.ts";
import { remote } from "./remote.ts";

const program = fileURLToPath(new URL("./with_libcloud.py", import.meta.url));

travels("libcloud", async (cloud) => {
  const posing = await posingAs("api.digitalocean.com", cloud.url);
  const env = { TOKEN: cloud.token, http_proxy: posing.proxy, SSL_CERT_FILE: posing.certificate };
  const parts = ["keys", "droplets", "snapshots", "volumes", "addresses", "domains"] as const;
  const traveller = remote(["/usr/bin/python3", program], env, parts);
  return {
    ...traveller,
    async [Symbol.asyncDispose]() {
      await traveller[Symbol.asyncDispose]();
      await posing[Symbol.asyncDispose]();
    },
  };
});
