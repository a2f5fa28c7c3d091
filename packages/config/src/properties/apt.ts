export { checkedPackage, install, repaired, updated } from "./apt-commands.ts";
export * from "./apt-packages.ts";
export * from "./apt-pins.ts";
export * from "./apt-sources.ts";
export * from "./apt-unattended.ts";
export * from "./apt-upgrades.ts";
