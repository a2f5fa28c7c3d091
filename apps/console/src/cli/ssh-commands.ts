import { type Command, Option } from "commander";
import type { Building } from "./building.ts";

/** `ops ssh` and the files for plain ssh. */
export function sshCommands(program: Command, { verb, sub }: Building): void {
  verb(
    sub(
      program,
      "ssh <host> [command...]",
      "log in to a host, or run a command there; only its pinned host key is taken",
    )
      .passThroughOptions()
      .addHelpText(
        "after",
        `
Options stand before HOST; everything after it is the command. One word is text for the host's shell, several are a command and its arguments,
each passed on as it is. Standard input goes to the command, its exit code is that of ops. It is done as the user who logs in there.

Examples:
  ops ssh web
  ops ssh web 'df -h | tail -n 3'
  ops ssh web -- grep -r "two words" /etc/nginx
  tar c site | ops ssh web tar x -C /srv
  ops --env staging ssh web uptime`,
      ),
    async () => (await import("../verbs/ssh.ts")).sshTo,
    (_, [host = "", ...words]) => ({ host, command: words[0] === "--" ? words.slice(1) : words }),
  );
  verb(
    sub(
      program,
      "ssh-config",
      "write ssh_config and known_hosts for plain ssh, scp, rsync and git, and print the former",
    )
      .option("--include", "also add a line to ~/.ssh/config, for `ssh HOST.PLATFORM` without -F", false)
      .addOption(new Option("--remove-include", "take that line out again").default(false).conflicts("include"))
      .addHelpText(
        "after",
        "\nWith -F a host goes by its name; in ~/.ssh/config by NAME.PLATFORM, where it is nobody else's.\n\nExamples:\n  ssh -F .slipway/ssh_config web\n  rsync -e 'ssh -F .slipway/ssh_config' -a site/ web:/srv/site/\n  ops ssh-config --include && scp notes web.shop:",
      ),
    async () => (await import("../verbs/ssh-config.ts")).exportSshConfig,
    (own) => ({ include: own.include === true, removeInclude: own.removeInclude === true }),
  );
}
