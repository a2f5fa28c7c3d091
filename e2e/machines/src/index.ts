export { generateSshKey, type SshKeyPair } from "@slipway/provision/ssh-key";
export { type Machine, type MachineOptions, startMachine } from "./machine.ts";
