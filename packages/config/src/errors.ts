import { errorsOf } from "@slipway/model";

/** Codes are permanent. */
export const fail = errorsOf({
  "config.conflict": { exitCode: 2, hint: "Keep one of the two in the host's list of properties." },
  "config.cycle": { exitCode: 2, hint: "Take one `requires` out of the circle." },
  "config.bad-argument": { exitCode: 2, hint: "Correct the argument of the property." },
  "config.firewall-locks-out": {
    exitCode: 2,
    hint: "Add 22 to the ports, or say firewall.allowsOnlyWithoutSsh(…) when the host is reached in another way.",
  },
  "config.no-secrets": { exitCode: 2, hint: "Pass `secrets`: a vault that can reveal them." },
  "config.locked": { exitCode: 5, hint: "Wait until that run has ended, or end it; the lock goes with its holder." },
  "config.session": { exitCode: 1, hint: "Run it again: every change can be repeated." },
  "config.lost": {
    exitCode: 1,
    hint: "Look at the host's network and power, then run it again: it goes on where it stopped.",
  },
  "config.stale": { exitCode: 5, hint: "Look at what changed since, make a new plan and apply that." },
  "config.other-list": {
    exitCode: 5,
    hint: "Look whether this is the machine that is meant. If it is, adopt it (ops config --adopt): nothing that the other list brought is taken back then.",
  },
  "config.unreadable": { exitCode: 1, hint: "Look at the host: a command that only reads gave what was not expected." },
  "config.interrupted": { exitCode: 130, hint: "Run it again: it goes on with what is left." },
  "config.failed": { exitCode: 1, hint: "Correct what failed and run it again: what is done stays done." },
});
