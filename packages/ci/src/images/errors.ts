import { errorsOf } from "@slipway/model";

/** What can go wrong while a base image is made. */
export const imageErrors = {
  "image.missing-program": {
    exitCode: 1,
    hint: "Install it (on Debian: apt-get install busybox-static ca-certificates git) and run the command again.",
  },
  "image.wrong-node": { exitCode: 1, hint: "Run through pnpm: its node_modules/.bin/node is recent enough." },
  "image.load-failed": { exitCode: 1, hint: "See what the engine says: docker info; is its disk full?" },
} as const;

export const fail = errorsOf(imageErrors);
