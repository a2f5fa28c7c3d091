import { errorsOf, exitCodes } from "@slipway/model";

/** Every error this package throws to its users. Codes are permanent. */
export const errors = {
  "monitor.no-address": {
    exitCode: exitCodes.usage,
    hint: "Provision the host first, or hand over its SSH address.",
  },
  "monitor.bad-config": {
    exitCode: exitCodes.usage,
    hint: "Write the configuration again with compileMonitor.",
  },
  "monitor.unknown-kind": {
    exitCode: exitCodes.usage,
    hint: "The station is older than the configuration: deploy the station again.",
  },
  "monitor.in-use": {
    exitCode: exitCodes.refused,
    hint: "Only one monitor may write a folder: stop the other one.",
  },
  "monitor.store-unreadable": {
    exitCode: exitCodes.failed,
    hint: "Move the file away; the monitor starts a new one.",
  },
  "monitor.port-taken": {
    exitCode: exitCodes.failed,
    hint: "Stop what listens there, or choose another port.",
  },
  "monitor.not-answering": {
    exitCode: exitCodes.failed,
    hint: "See whether the station runs: docker logs slipway-monitor on its host.",
  },
} as const;

export const fail = errorsOf(errors);
