export { type Machine, type MachineOptions, startMachine } from "./machine.ts";
