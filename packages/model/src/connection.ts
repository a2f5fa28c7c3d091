import type { Duplex, Readable, Writable } from "node:stream";
import type { Command } from "./command.ts";

export interface ExecOptions {
  /** Given to the command's standard input, which is then closed. Without it standard input is empty. */
  readonly stdin?: string | Uint8Array | Readable;
  /** After so long the command is ended and the call rejects with code `connection.timeout`. Default: none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Of stdout and of stderr each; more ends the command and rejects with `connection.output-too-large`. Default 64 MiB. */
  readonly maxOutputBytes?: number;
}

export interface Output {
  /** Exit status; 128 + n when signal n ended the command. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Exit {
  readonly status: number;
}

/** A command that runs. Whoever spawns it reads both outputs (unread output stops the command, as on a terminal). */
export interface Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once, after both outputs ended; rejects when the connection breaks. */
  readonly exit: Promise<Exit>;
  /** Ends the command; harmless when it has ended. */
  kill(): void;
}

/**
 * A way to run commands on one host: over SSH, in a container, or here. Calls may run concurrently on one connection.
 * Any exit status resolves; only the transport rejects (codes `connection.*`). After a rejection it is unknown whether the command ran.
 */
export interface Connection extends AsyncDisposable {
  /** The host's name, for messages. */
  readonly host: string;
  exec(command: Command, options?: ExecOptions): Promise<Output>;
  spawn(command: Command, options?: { readonly signal?: AbortSignal }): Promise<Process>;
  /** A stream to a unix socket on the host. */
  socket(path: string): Promise<Duplex>;
  /** A stream to a TCP port as seen from the host. */
  tcp(port: number, address?: string): Promise<Duplex>;
  /**
   * Another connection of its own to the same place, authenticated anew; this one may be broken or closed. Tries again for up to `waitMs`
   * while nothing answers there, as when the machine boots (default 0). Rejects as the first connection would have.
   */
  again(options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<Connection>;
  /** True until the connection broke or was disposed. */
  readonly open: boolean;
}

/** What is needed to reach a host by SSH. The host key is pinned: another key is refused before authentication. */
export interface SshAddress {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Accepted host keys: SHA-256 of the raw key blob, lower-case hex. */
  readonly hostKeys: readonly string[];
}
