import { errorsOf, exitCodes } from "@slipway/model";

/** Every error of this package. Codes are permanent. */
export const deployErrors = {
  "deploy.locked": {
    exitCode: exitCodes.refused,
    hint: "Wait until the other run has ended; its lock dies with it. `wait` makes the next run wait by itself.",
  },
  "deploy.fenced": {
    exitCode: exitCodes.refused,
    hint: "A newer run took over this application. Look at what it did before you deploy again.",
  },
  "deploy.unverified": {
    exitCode: exitCodes.refused,
    hint: "Let CI verify the commit: push it to review and wait until main moves.",
  },
  "deploy.image-differs": {
    exitCode: exitCodes.refused,
    hint: "Only the image that CI pinned may run. Build the commit again through CI.",
  },
  "deploy.image-missing": {
    exitCode: exitCodes.failed,
    hint: "Give `from`, a Docker engine that has the image, such as the one of the CI host.",
  },
  "deploy.image-load": {
    exitCode: exitCodes.failed,
    hint: "See the engine's own words above; a full disk on the target is the usual cause (`df -h /var/lib/docker`).",
  },
  "deploy.tar": { exitCode: exitCodes.failed, hint: "Give a tar that `docker save` wrote." },
  "deploy.topology": { exitCode: exitCodes.usage, hint: "Correct the application's description." },
  "deploy.port-taken": {
    exitCode: exitCodes.failed,
    hint: "Stop the other program, or see who listens: `ss -ltnp` on the host.",
  },
  "deploy.name-taken": {
    exitCode: exitCodes.failed,
    hint: "A container that Slipway did not make has this name. Remove or rename it.",
  },
  "deploy.unhealthy": {
    exitCode: exitCodes.failed,
    hint: "Nothing was switched; the release before still runs. Look at the container's log lines above.",
  },
  "deploy.nginx": {
    exitCode: exitCodes.failed,
    hint: "The site was put back as it was. `nginx -t` on the host says what is wrong.",
  },
  "deploy.backup": {
    exitCode: exitCodes.failed,
    hint: "Nothing was switched. Check the free space under /var/backups (`df -h /var/backups`).",
  },
  "deploy.stream-corrupt": {
    exitCode: exitCodes.refused,
    hint: "Look at the named line of the event file; a deployment never edits it.",
  },
  "deploy.data": {
    exitCode: exitCodes.refused,
    hint: "Roll forward: deploy a release that reads every version written so far.",
  },
  "deploy.no-release": {
    exitCode: exitCodes.refused,
    hint: "`ops releases` lists what the host keeps.",
  },
  "deploy.host": { exitCode: exitCodes.failed, hint: "See the command's own words above." },
  "deploy.no-nginx": {
    exitCode: exitCodes.failed,
    hint: "Let the host have the property nginx.installed, then configure it: `ops config`.",
  },
  "deploy.user": {
    exitCode: exitCodes.usage,
    hint: "Build the image with a numeric user, such as `USER 1000:1000`, so that files can be given to it.",
  },
  "deploy.secret": {
    exitCode: exitCodes.usage,
    hint: "Give `secrets`, which opens the vault, when an application declares secrets.",
  },
  "deploy.undo-failed": {
    exitCode: exitCodes.failed,
    hint: "Run the same command again: it starts by putting the host in order.",
  },
  "deploy.unfinished": {
    exitCode: exitCodes.failed,
    hint: "The release was switched to, but did not become active. Run again to finish it, or roll back.",
  },
  "deploy.not-converging": {
    exitCode: exitCodes.failed,
    hint: "Something else changes this application's containers or files. Find it, then run again.",
  },
} as const;

export const fail = errorsOf(deployErrors);
