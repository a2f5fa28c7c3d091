import {
  type Command,
  type DebianLike,
  debianLike,
  property,
  type Reading,
  type Revertable,
  type Secret,
  secretText,
} from "@slipway/model";
import { fail } from "../errors.ts";

// Subjects are "<user>:<registry>". The file is as docker itself writes it: one name a line. A digest alone leaves the host.
const look = `for s do
u=\${s%%:*} r=\${s#*:}
h=$(getent passwd "$u" | cut -d: -f6)
a=$(awk -v r="\\"$r\\": {" '{ gsub(/^[ \\t]+|[ \\t]+$/, "") } $0 == r { i = 1; next } i && /^}/ { exit } i && /^"auth": / { gsub(/^"auth": "|",?$/, ""); print; exit }' "\${h:-/nonexistent}/.docker/config.json" 2>/dev/null)
[ -z "$a" ] || printf '%s\\t%s\\n' "$s" "$(printf %s "$a" | base64 -d | sha256sum | cut -c 1-64)"
done`;

/** SHA-256 of `name:password` that a user keeps for a registry; undefined without one. */
const loginFact = (subject: string): Reading<string | undefined> => ({
  read: ["sh", "-c", look, "registry-logins"],
  of: [subject],
  reads: [`docker-login:${subject}`],
  parse: (stdout) =>
    stdout
      .split("\n")
      .find((line) => line.startsWith(`${subject}\t`))
      ?.split("\t")[1],
});

// runuser leaves HOME as it was.
const asUser = `u=$1 h=$(getent passwd "$1" | cut -d: -f6)
shift
cd / && exec runuser -u "$u" -- docker --config "\${h:?there is no user $u}/.docker" "$@"`;

export interface RegistryLogin {
  readonly user: string;
  readonly password: Secret;
  /** Whose login it is: root, or a user who may use docker. Default root. */
  readonly as?: string;
}

/**
 * A user is logged in at a registry, `registry.example.org:5000` or `docker.io`. The registry is asked when the login changes. Docker keeps
 * the password in the user's ~/.docker/config.json, mode 0600; it gets there over standard input.
 */
export function registryLogin(registry: string, options: RegistryLogin): Revertable<DebianLike> {
  const { user, password, as = "root" } = options;
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/.test(registry))
    throw fail("config.bad-argument", `"${registry}" is not a registry: registry.example.org:5000`);
  if (!/^[a-z_][a-z0-9_-]*$/.test(as)) throw fail("config.bad-argument", `"${as}" is not the name of a user`);
  if (user === "" || user.startsWith("-") || /[\s:]/.test(user))
    throw fail("config.bad-argument", `"${user}" is not a login of ${registry}`);
  const entry = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  const subject = `${as}:${entry}`;
  const kept = secretText`${user}:${password}`;
  const docker = (...words: Command): Command => ["sh", "-c", asUser, "docker", as, ...words];
  return property(`${as} is logged in at ${registry}`, {
    on: debianLike,
    about: `registry login:${as}@${registry}`,
    detail: [user, password.name],
    observe: loginFact(subject),
    plan: (seen, known) =>
      seen !== undefined && seen === known.digest(kept)
        ? []
        : [{ run: docker("login", "--username", user, "--password-stdin", registry), input: password }],
    writes: [`docker-login:${subject}`],
    secrets: [password, kept],
    revert: {
      title: `${as} is not logged in at ${registry}`,
      plan: (seen) => (seen === undefined ? [] : [docker("logout", registry)]),
    },
  });
}
