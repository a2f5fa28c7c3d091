import { droplet, openCloud, server } from "../src/index.ts";
import { providerContract } from "./support/provider-contract.ts";

const at =
  (name: string, on: Parameters<typeof openCloud>[0][number]["on"]) =>
  async (stack = name) =>
    openCloud([{ name: "one", on }], { name: stack, cloud: name });

providerContract("DigitalOcean on the local cloud", {
  open: at(`cd${process.pid}`, droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" })),
  machine: { region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", otherRegion: "ams3" },
});

providerContract("Hetzner on the local cloud", {
  open: at(`ch${process.pid}`, server({ cloud: "local", location: "nbg1", type: "cpx11" })),
  machine: { region: "nbg1", size: "cpx11", image: "debian-12", otherRegion: "hel1" },
});
