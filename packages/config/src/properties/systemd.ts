export * from "./systemd-timer.ts";
export * from "./systemd-units.ts";
