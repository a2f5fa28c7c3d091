import { errorsOf } from "@slipway/model";

/** The console's own errors; codes are permanent. */
export const fail = errorsOf({
  "ops.no-config": { exitCode: 2, hint: "Run ops in a folder with an ops.config.ts, or name one by --config FILE." },
  "ops.config-type-error": { exitCode: 2, hint: "Mend the line above; nothing was connected to." },
  "ops.config-failed": { exitCode: 2, hint: "Mend ops.config.ts; nothing was connected to." },
  "ops.config-shape": { exitCode: 2, hint: "End the file with: export default ops({ … })." },
  "ops.hosts": { exitCode: 2, hint: "Give every host of ops({ hosts }) a name of its own." },
  "ops.unknown-host": { exitCode: 2, hint: "Name a host of ops.config.ts." },
  "ops.environments": {
    exitCode: 2,
    hint: 'List different names of up to 20 small letters, digits and hyphens: ops(["prod", "staging"], (environment) => ({ … })).',
  },
  "ops.unknown-env": { exitCode: 2, hint: "ops env list names them; ops.config.ts lists them: ops([…], …)." },
  "ops.unknown-property": { exitCode: 2, hint: "Use a title as ops config plan --all prints it." },
  "ops.unknown-environment": { exitCode: 2, hint: "Name a deployment of ops.config.ts." },
  "ops.not-provisioned": { exitCode: 1, hint: "Run `pnpm ops provision` first." },
  "ops.no-ssh": {
    exitCode: 1,
    hint: "Install one (Debian, Ubuntu: apt-get install openssh-client); `ops config exec COMMAND --on HOST` needs none.",
  },
  "ops.no-docker": { exitCode: 1, hint: "Install the docker client, or name a command: ops ssh HOST COMMAND." },
  "ops.no-terminal": { exitCode: 2, hint: "Run it at a terminal." },
  "ops.not-made": { exitCode: 2, hint: "Name a host whose machine is a droplet(…) or a server(…)." },
  "ops.plan-problems": {
    exitCode: 1,
    hint: "Solve each of them; nothing was changed. ops provision plan shows the rest.",
  },
  "ops.stale-plan": { exitCode: 5, hint: "Look at a new plan: ops provision plan --out FILE." },
  "ops.protected": {
    exitCode: 5,
    hint: "Nothing was changed. When it is meant: ops provision unprotect HOST, and again.",
  },
  "ops.host-key": {
    exitCode: 2,
    hint: "Say --host-key KEY or --host-key-file FILE: /etc/ssh/ssh_host_ed25519_key.pub there; or --trust-shown-key.",
  },
  "ops.unknown-machine": { exitCode: 2, hint: "Name the id that the provider's list of machines shows." },
  "ops.copy": { exitCode: 2, hint: "Name two environments: ops env list." },
  "ops.cloud-url": {
    exitCode: 2,
    hint: "Say https://…, or http:// with a server of this machine; unset SLIPWAY_CLOUD_URL to use the provider's own.",
  },
  "ops.unknown-cloud": { exitCode: 2, hint: "ops cloud list names them." },
  "ops.empty-secret": { exitCode: 2, hint: "Give the value on standard input: ops secrets set NAME < file" },
  "ops.not-text": { exitCode: 2, hint: "Encode bytes as text before: base64 < FILE | ops secrets set NAME" },
  "ops.changed-meanwhile": { exitCode: 1, hint: "Edit it again: what is there now is shown." },
  "ops.rotate": { exitCode: 2, hint: "ops secrets rotate NAME, with --generate for a random value; or --reencrypt" },
  "ops.recipient-key": { exitCode: 2, hint: "Give a file by --key FILE, or a key of gpg's keyring by --gpg KEYID." },
  "ops.editor": { exitCode: 1, hint: "Name your editor in $EDITOR." },
  "ops.no-memory": { exitCode: 1, hint: "Use ops secrets set NAME, or allow the disk by --on-disk." },
  "ops.no-ci": { exitCode: 2, hint: "Give ops({ … }) a ci with its host and repositories." },
  "ops.no-monitor": { exitCode: 2, hint: "Give ops({ … }) a monitor with its host." },
  "ops.no-run": { exitCode: 1, hint: "ops ci runs lists them." },
  "ops.no-example": { exitCode: 2, hint: "Run the demo in a checkout of Slipway, which has examples/ledger." },
  "ops.push": { exitCode: 1, hint: "Is the ci host configured? pnpm ops config" },
  "ops.ci-failed": { exitCode: 1, hint: "pnpm ops ci runs lists the runs, pnpm ops ci log RUN prints what failed." },
  "ops.drill": {
    exitCode: 1,
    hint: "pnpm ops monitor status and pnpm ops releases prod tell how things are; run the same command again.",
  },
  "ops.confirm": { exitCode: 2, hint: "Without a terminal to ask on, say --yes." },
  "ops.port-used": { exitCode: 1, hint: "Name another port by --port, or stop what listens there." },
  "ops.disk-full": {
    exitCode: 1,
    hint: "Free some space and run the same command again: it goes on where it stopped.",
  },
  "ops.partly-failed": {
    exitCode: 3,
    hint: "Mend what the report names and run the same command again: it goes on where it stopped.",
  },
  "ops.hosts-failed": {
    exitCode: 1,
    hint: "Mend what the report names and run the same command again: it goes on where it stopped.",
  },
  "ops.saved-plan": { exitCode: 2, hint: "Make a new one: ops config plan --out FILE." },
  "ops.saved-plan-other": {
    exitCode: 5,
    hint: "Apply it where it was made, or make a new one: ops config plan --out FILE.",
  },
  "ops.cannot-write": { exitCode: 1, hint: "Name another file, or mend the folder." },
  "ops.bake-system": { exitCode: 2, hint: 'Bake a host whose os is debian("12") or debian("13").' },
  "ops.bake-secrets": {
    exitCode: 5,
    hint: "Whoever has the image has its secrets. Take them out of the host's list, or say --with-secrets and keep the image private.",
  },
  "ops.bake-failed": { exitCode: 1, hint: "Mend what the report names and bake again: nothing was kept." },
  "ops.web-missing": { exitCode: 1, hint: "Run `pnpm --filter @slipway/console build:web`." },
  "ops.unverified": {
    exitCode: 5,
    hint: "Push it to review; when CI has verified it, it can be deployed: git push ci HEAD:review",
  },
});
