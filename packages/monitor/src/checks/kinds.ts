import type { CheckConfig, Probe } from "./check.ts";
import { probe as http } from "./http.ts";
import { probe as tcp } from "./tcp.ts";

/** The checks a station knows. A program of one's own hands over more to `runMonitor`. */
export const checkKinds: Readonly<Record<string, Probe<CheckConfig>>> = {
  // The kind says which configuration the file reads; what was written by its condition is what it gets.
  http: http as Probe as Probe<CheckConfig>,
  tcp: tcp as Probe as Probe<CheckConfig>,
};
