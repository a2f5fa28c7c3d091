import type { SeriesView, Snapshot } from "./api.ts";

/** Where the server has its data from: the live platform, or in tests a recorded one. */
export interface Source {
  /** The platform as last seen. */
  snapshot(): Snapshot;
  /** Calls back after every change until the returned function is called. */
  onChange(listener: (snapshot: Snapshot) => void): () => void;
  series(request: { readonly host: string; readonly service: string; readonly minutes: number }): Promise<SeriesView>;
  /** The log of a step so far, at most its last megabyte; undefined when there is none. */
  log(request: {
    readonly repository: string;
    readonly run: string;
    readonly step: string;
  }): Promise<string | undefined>;
}
