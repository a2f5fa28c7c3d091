import { type Connection, messageOf, ms, SlipwayError, systemClock } from "@slipway/model";
import { apply } from "../apply.ts";
import { alone } from "../engine/items.ts";
import type { FleetOptions, FleetTarget, HostResult } from "./apply-all.ts";
import { untilWell } from "./gate.ts";

/** How long a host may take to answer again when its change closed the connection. */
const againMs = 30_000;

/** One host on its way. Its methods never reject: they tell whether it is still well. */
export class HostRun {
  readonly #target: FleetTarget;
  readonly #options: FleetOptions;
  readonly #clock;
  #connection: Connection | undefined;
  result: HostResult;

  constructor(target: FleetTarget, options: FleetOptions) {
    this.#target = target;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.result = { host: target.host.name, outcome: "not begun", also: [], ms: 0 };
  }

  begin(): Promise<boolean> {
    return this.#timed(async () => {
      const { host, connect, around, secrets, exactly, list } = this.#target;
      const { only, removed, adopt, signal, lockWaitSeconds, holder, stateFolder, onEvent, after } = this.#options;
      onEvent?.({ type: "connecting", host: host.name });
      this.#connection = await connect();
      const report = await apply(host, this.#connection, {
        clock: this.#clock,
        onEvent: (event) => onEvent?.({ ...event, host: host.name }),
        ...(around === undefined ? {} : { around }),
        ...(secrets === undefined ? {} : { secrets }),
        ...(exactly === undefined ? {} : { exactly }),
        ...(only === undefined ? {} : { only }),
        ...(list === undefined ? {} : { list }),
        ...(removed === undefined ? {} : { removed }),
        ...(adopt === undefined ? {} : { adopt }),
        ...(signal === undefined ? {} : { signal }),
        ...(lockWaitSeconds === undefined ? {} : { lockWaitSeconds }),
        ...(holder === undefined ? {} : { holder }),
        ...(stateFolder === undefined ? {} : { stateFolder }),
      });
      this.result = { ...this.result, report };
      const failed = report.failed + report.blocked;
      if (failed > 0) return failed === 1 ? "a property failed" : `${failed} properties failed or were blocked`;
      const also = (await after?.(host, await this.#live(), report)) ?? [];
      this.result = { ...this.result, also };
      return undefined;
    });
  }

  judge(): Promise<boolean> {
    return this.#timed(async () => {
      const { host, around } = this.#target;
      const { signal, healthy, wellWithin, onEvent } = this.#options;
      const info = (around ?? alone(host)).self;
      if (healthy !== undefined || info.info.some((one) => one.kind === "check"))
        onEvent?.({ type: "judging", host: host.name });
      const wrong = await untilWell(
        host,
        { info, connection: await this.#live() },
        {
          clock: this.#clock,
          withinMs: ms(wellWithin ?? "60s"),
          ...(signal === undefined ? {} : { signal }),
          ...(healthy === undefined ? {} : { healthy }),
        },
      );
      return wrong.length === 0 ? "done" : `it is not well: ${wrong.join("; ")}`;
    });
  }

  /** The change may have restarted what the connection goes through. */
  async #live(): Promise<Connection> {
    const { signal } = this.#options;
    if (this.#connection === undefined) throw new Error("not connected");
    if (!this.#connection.open)
      this.#connection = await this.#connection.again({ waitMs: againMs, ...(signal === undefined ? {} : { signal }) });
    return this.#connection;
  }

  /** `work` gives why the host failed, `done` at the end of all, or undefined when it goes on. */
  async #timed(work: () => Promise<string | undefined>): Promise<boolean> {
    const from = this.#clock.monotonic();
    const spent = (): number => this.result.ms + this.#clock.monotonic() - from;
    let why: string | undefined;
    try {
      why = await work();
      if (why === undefined) {
        this.result = { ...this.result, ms: spent() };
        return true;
      }
      if (why === "done") this.result = { ...this.result, outcome: "done", ms: spent() };
      else this.result = { ...this.result, outcome: "failed", why, ms: spent() };
    } catch (error) {
      why = messageOf(error);
      const more =
        error instanceof SlipwayError ? { code: error.code, hint: error.hint ?? "", exitCode: error.exitCode } : {};
      this.result = { ...this.result, outcome: "failed", why, ...more, ms: spent() };
    }
    // It may be broken, and nothing depends on its end.
    await Promise.allSettled([this.#connection?.[Symbol.asyncDispose]()]);
    this.#connection = undefined;
    const { host, outcome } = this.result;
    this.#options.onEvent?.({ type: "ended", host, outcome, ...(outcome === "done" ? {} : { why }) });
    return outcome === "done";
  }
}
