import {
  type Change,
  type DebianLike,
  debianLike,
  type Info,
  type Property,
  property,
  type Reading,
  type Revertable,
  revertable,
  type Secret,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";

interface NodeSeen {
  /** inactive, pending, active, error, locked; empty without an engine. */
  readonly state: string;
  readonly manages: boolean;
}

const nodeFact: Reading<NodeSeen> = {
  read: ["docker", "info", "-f", "{{.Swarm.LocalNodeState}}\t{{.Swarm.ControlAvailable}}"],
  reads: ["swarm"],
  parse: (stdout) => {
    const [state = "", manages] = stdout.trim().split("\t");
    return { state, manages: manages === "true" };
  },
};

const port = (number: number, protocol: "tcp" | "udp"): Info => ({
  kind: "port",
  port: number,
  protocol,
  owner: "docker swarm",
  from: "platform",
});
const gossip = [port(7946, "tcp"), port(7946, "udp"), port(4789, "udp")] as const;

const refusal = (text: string): readonly Change[] => [["sh", "-c", 'printf "%s\\n" "$1" >&2; exit 1', "sh", text]];

/**
 * The host is the first manager of a swarm, reached by the others at this address or interface. It needs Docker. It has no opposite: what
 * leaves with the last manager is the swarm itself.
 */
export function manager(options: { readonly advertise: string }): Property<DebianLike> {
  const { advertise } = options;
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(advertise))
    throw fail("config.bad-argument", `"${advertise}" is not an address for a swarm`);
  const init = property(`${advertise} manages a swarm`, {
    on: debianLike,
    about: "swarm",
    detail: ["manager", advertise],
    observe: nodeFact,
    plan: (seen) => {
      if (seen.manages) return [];
      if (seen.state === "active") return refusal("this host is a worker of a swarm; promote it on a manager of it");
      // It prints the token of workers, which is nobody's business here.
      return [["sh", "-c", 'docker swarm init --advertise-addr "$1" >/dev/null', "sh", advertise]];
    },
    writes: ["swarm"],
  });
  return telling(init, port(2377, "tcp"), ...gossip);
}

// As an argument of `docker swarm join` the token could be read by every user of the host, so the engine is asked directly.
const join = `use strict; use IO::Socket::UNIX;
my $token = do { local $/; <STDIN> }; $token =~ s/\\s+//g;
$token =~ /^[A-Za-z0-9-]+$/ or die "the token of the swarm has odd characters\\n";
my ($remote, $own) = @ARGV;
my $body = sprintf '{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"%s","RemoteAddrs":["%s"],"JoinToken":"%s"}', $own, $remote, $token;
my $engine = IO::Socket::UNIX->new(Peer => "/var/run/docker.sock") or die "the engine does not answer: $!\\n";
print $engine "POST /swarm/join HTTP/1.0\\r\\nContent-Type: application/json\\r\\nContent-Length: ", length $body, "\\r\\n\\r\\n", $body;
my $answer = do { local $/; <$engine> };
$answer =~ m{^HTTP/1\\.[01] 200 } or die $answer =~ s/.*\\r\\n\\r\\n//sr;`;

export interface WorkerOptions {
  /** Address of a manager. */
  readonly joins: string;
  /** Of workers: what `docker swarm join-token --quiet worker` prints on a manager. */
  readonly token: Secret;
  /** Own address or interface for the other nodes. Default: as the engine finds. */
  readonly advertise?: string;
}

/** The host works in a swarm. The token reaches the engine over standard input. It needs Docker. Its opposite leaves the swarm. */
export function worker(options: WorkerOptions): Revertable<DebianLike> {
  const { joins, token, advertise = "" } = options;
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/.test(joins))
    throw fail("config.bad-argument", `"${joins}" is not the address of a swarm's manager`);
  if (!/^([A-Za-z0-9][A-Za-z0-9.:-]*)?$/.test(advertise))
    throw fail("config.bad-argument", `"${advertise}" is not an address for a swarm`);
  const remote = joins.includes(":") ? joins : `${joins}:2377`;
  const joined = property(`the swarm of ${joins} has this worker`, {
    on: debianLike,
    about: "swarm",
    detail: ["worker", remote, advertise, token.name],
    observe: nodeFact,
    plan: (seen) => {
      if (seen.manages) return refusal("this host manages a swarm; demote it there first");
      if (seen.state === "active") return [];
      return [{ run: ["perl", "-e", join, remote, advertise], input: token }];
    },
    writes: ["swarm"],
    secrets: [token],
    revert: {
      title: "this host is in no swarm",
      plan: (seen) => (seen.state === "active" && !seen.manages ? [["docker", "swarm", "leave"]] : []),
    },
  });
  return revertable(telling(joined, ...gossip), joined.opposite);
}

const look = `for n do
docker node inspect -f '{{range $k, $v := .Spec.Labels}}{{$.Description.Hostname}}{{"\\t"}}{{$k}}={{$v}}{{"\\n"}}{{end}}' -- "$n" 2>/dev/null
done`;

/** A node of a swarm, by its host name, has these labels; others stay. Said on a manager. */
export function labels(node: string, of: Readonly<Record<string, string>>): Revertable<DebianLike> {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(node))
    throw fail("config.bad-argument", `"${node}" is not the name of a node`);
  const wanted = Object.entries(of);
  if (wanted.length === 0) throw fail("config.bad-argument", `no label was given for ${node}`);
  for (const [key, value] of wanted)
    if (!/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/.test(key) || /[\u0000-\u001f]/.test(value))
      throw fail("config.bad-argument", `${JSON.stringify(key)} cannot label ${node}`);
  const update = (flag: string, values: readonly string[]): readonly Change[] =>
    values.length === 0 ? [] : [["docker", "node", "update", ...values.flatMap((one) => [flag, one]), "--", node]];
  return property(`${node} has the labels ${wanted.map(([key]) => key).join(", ")}`, {
    on: debianLike,
    about: `labels:${node}`,
    detail: of,
    observe: {
      read: ["sh", "-c", look, "node-labels"],
      of: [node],
      reads: ["swarm-labels"],
      parse: (stdout): ReadonlySet<string> =>
        new Set(
          stdout
            .split("\n")
            .filter((line) => line.startsWith(`${node}\t`))
            .map((line) => line.slice(node.length + 1)),
        ),
    },
    plan: (seen) =>
      update(
        "--label-add",
        wanted.map(([key, value]) => `${key}=${value}`).filter((label) => !seen.has(label)),
      ),
    writes: ["swarm-labels"],
    revert: {
      title: `${node} has no labels of ours`,
      plan: (seen) =>
        update(
          "--label-rm",
          wanted.filter(([key, value]) => seen.has(`${key}=${value}`)).map(([key]) => key),
        ),
    },
  });
}
