import { errorsOf } from "@slipway/model";

/** Every error of this package: permanent code, exit code, what to do. */
export const errors = {
  "engine.missing": {
    exitCode: 1,
    hint: "start Docker (on Debian: apt-get install docker.io && systemctl start docker) or set DOCKER_HOST",
  },
  "engine.denied": { exitCode: 1, hint: "run as root or join the group docker, then log in again" },
  "engine.failed": { exitCode: 1, hint: "see the engine's own log for the cause" },
  "disk.full": { exitCode: 1, hint: "free some space (docker system df shows what the engine holds) and run again" },
  "image.unavailable": {
    exitCode: 1,
    hint: "install mmdebstrap (apt-get install mmdebstrap) and run as root, or make a Docker registry reachable",
  },
  "image.failed": { exitCode: 1, hint: "check that a Debian mirror is reachable, then run again" },
  "network.none": { exitCode: 1, hint: "check the network and the endpoint, then run again: nothing is made twice" },
  "token.refused": {
    exitCode: 1,
    hint: "make a token with read and write scope, then: ops secrets set digitalocean.token",
  },
  "cloud.refused": { exitCode: 1, hint: "change what ops.config.ts asks for as the message says" },
  "cloud.absent": { exitCode: 1, hint: "it was destroyed meanwhile, or belongs to another account; plan again" },
  "name.taken": { exitCode: 1, hint: "choose another name, or destroy or adopt what has it" },
  "size.unknown": { exitCode: 1, hint: "name a size that the region has; the provider's list of sizes tells which" },
  "region.unknown": { exitCode: 1, hint: "name a region that takes new machines" },
  "image.unknown": {
    exitCode: 1,
    hint: "name a distribution's image by its slug, or a snapshot of the account by its id",
  },
  "cloud.protected": { exitCode: 1, hint: "take the protection away by a plan that unprotects it, then run again" },
  "machine.busy": { exitCode: 1, hint: "wait until the machine's pending action is done, then run again" },
  "rate.limited": { exitCode: 1, hint: "wait that long, then run again; other programs with this token count too" },
  "cloud.failed": { exitCode: 1, hint: "run again: what was made is found by its tags and nothing is made twice" },
  "cloud.unexpected": { exitCode: 1, hint: "the endpoint may not be DigitalOcean's API; check its address" },
  "cloud.taken": {
    exitCode: 1,
    hint: "choose another port (ops cloud --port N), or end what listens there",
  },
  "quota.exceeded": {
    exitCode: 1,
    hint: "destroy machines that are not needed or ask DigitalOcean for a higher limit",
  },
  "volume.grow": {
    exitCode: 1,
    hint: "the volume itself has its new size: mend what the message says on the machine, then run again",
  },
  "volume.busy": {
    exitCode: 1,
    hint: "stop what uses it there, or switch that machine off, then run again",
  },
  "plan.problems": { exitCode: 1, hint: "solve each problem, then plan again" },
  "plan.stale": { exitCode: 5, hint: "look at the new plan and apply that one" },
  "plan.unreadable": { exitCode: 2, hint: "make the plan anew: ops provision plan --out FILE" },
  "plan.dependency": { exitCode: 1, hint: "solve what it waited for, then run again" },
  "machine.slow": { exitCode: 1, hint: "run again: it goes on where it stopped; --debug shows each step" },
  "machine.hostkey": {
    exitCode: 5,
    hint: "somebody may sit in between; if the machine was reinstalled, destroy it and provision again",
  },
  "machine.rekey": { exitCode: 1, hint: "run again: the machine accepts logins with the key it has" },
  "config.bad-argument": { exitCode: 2, hint: "correct the argument in ops.config.ts" },
  "name.invalid": { exitCode: 2, hint: "use lower-case letters, digits and hyphens" },
  "apply.partly": { exitCode: 3, hint: "run again: the machines that are done are kept" },
} as const;

export const fail = errorsOf(errors);
