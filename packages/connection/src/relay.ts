import { Duplex } from "node:stream";
import { type Command, type Connection, type Process, sh } from "@slipway/model";
import { fail } from "./errors.ts";

export type RelayTarget = { readonly path: string } | { readonly port: number; readonly address: string };

/** Copies between its own standard streams and a socket; core Perl, which every Debian has. */
const perl = `
use IO::Socket::UNIX; use IO::Socket::INET; use IO::Select;
my $s = @ARGV == 1 ? IO::Socket::UNIX->new(Peer => $ARGV[0]) : IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1]);
if (!$s) { print STDERR "$!\\n"; exit 77 }
syswrite(STDOUT, "+");
sub all { my ($to, $data) = @_; my $at = 0; while ($at < length $data) { my $n = syswrite($to, $data, length($data) - $at, $at); exit 0 unless defined $n; $at += $n } }
my $r = IO::Select->new($s, \\*STDIN);
while (1) { for my $from ($r->can_read) { my $n = sysread($from, my $data, 65536);
  if (!$n) { exit 0 if $from == $s; $r->remove($from); shutdown($s, 1); next }
  all($from == $s ? \\*STDOUT : $s, $data) } }`;

/** As above, for hosts with Node but no Perl. */
const node = `
const s = require("net").connect(process.argv.length === 2 ? process.argv[1] : {host: process.argv[1], port: +process.argv[2], allowHalfOpen: true});
s.on("connect", () => { process.stdout.write("+"); process.stdin.pipe(s); s.pipe(process.stdout) });
s.on("error", (e) => { console.error(e.message); process.exit(77) }); s.on("close", () => process.exit(0));`;

const script = sh`
if command -v perl >/dev/null; then exec perl -e ${perl} -- "$@"; fi
if command -v node >/dev/null; then exec node -e ${node} -- "$@"; fi
echo "neither perl nor node is there" >&2; exit 78`;

/** A process as a stream: ends as a whole when the far side ends, as the socket it stands for is then of no use. */
class Relayed extends Duplex {
  readonly #process: Process;

  constructor(process: Process) {
    super();
    this.#process = process;
    process.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) process.stdout.pause();
    });
    process.stdout.once("end", () => {
      this.push(null);
      this.end();
    });
    process.stdout.on("error", () => {});
    process.stdin.on("error", () => {});
    process.exit.catch((error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.#process.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, next: (error?: Error | null) => void): void {
    this.#process.stdin.write(chunk, next);
  }

  override _final(next: (error?: Error | null) => void): void {
    this.#process.stdin.end();
    next();
  }

  override _destroy(error: Error | null, next: (error?: Error | null) => void): void {
    this.#process.kill();
    next(error);
  }
}

/**
 * A stream to a socket that only a command on the host can open: inside a container, or as root through sudo.
 * Rejects with `connection.socket`, `connection.port`, or `connection.unsupported` when the host has no program for it.
 */
export async function relay(connection: Connection, target: RelayTarget): Promise<Duplex> {
  const words = "path" in target ? [target.path] : [target.address, String(target.port)];
  const command: Command = ["sh", "-c", script.text, "sh", ...words];
  const process = await connection.spawn(command);
  const complaint: Buffer[] = [];
  process.stderr.on("data", (chunk: Buffer) => complaint.push(chunk));
  // The first byte says that the socket is open.
  const opened = await new Promise<boolean>((resolve, reject) => {
    const onReadable = (): void => {
      const first: Buffer | null = process.stdout.read();
      if (first === null) return;
      process.stdout.removeListener("readable", onReadable);
      process.stdout.removeListener("end", onEnd);
      if (first.length > 1) process.stdout.unshift(first.subarray(1));
      resolve(true);
    };
    const onEnd = (): void => resolve(false);
    process.stdout.on("readable", onReadable);
    process.stdout.once("end", onEnd);
    process.exit.catch(reject);
  });
  if (opened) return new Relayed(process);
  const { status } = await process.exit;
  const said = Buffer.concat(complaint).toString("utf8").trim();
  const what = "path" in target ? `the socket ${target.path}` : `${target.address}:${target.port}`;
  if (status === 78) throw fail("connection.unsupported", `${what} on ${connection.host} cannot be reached: ${said}`);
  throw fail(
    "path" in target ? "connection.socket" : "connection.port",
    `${what} on ${connection.host} did not answer: ${said}`,
  );
}
