import { existing, inContainer, ops, thisMachine } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
const os = debian("12");
export default ops(["prod", "staging"], (environment) => ({
  name: "cli-2344",
  hosts: [
    host("web", { on: droplet({ cloud: "local", region: "lon1", size: environment === "prod" ? "s-2vcpu-2gb" : "s-1vcpu-1gb" }), os, has: [] }),
    host("old", { on: existing({ address: "10.198.88.2", hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG2QIruIY0mHw/Qs0fJoMIAXfvkaNPUxjkeKO7OfmEEa", user: "ada" }), os, has: [] }),
    host("evil", { on: existing({ address: "10.198.88.2", hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIALgUIuvtz9ps9SgqBTrScldc9TF5tkE8lii7pDqamKM" }), os, has: [] }),
    host("box", { on: inContainer("8c31d8381ae79291f57d133c17ac18a459cf67ef0c9c0bf729d2179331f1288a"), os, has: [] }),
    host("here", { on: thisMachine, os, has: [] }),
  ],
}));
