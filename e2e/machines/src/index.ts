export { generateSshKey, type SshKeyPair } from "@slipway/provision/ssh-key";
export { type Machine, type MachineOptions, startMachine } from "./machine.ts";
export * from "./odd.ts";
export { type Cut, makeProxy, type Proxy, type ProxyOptions } from "./proxy.ts";
