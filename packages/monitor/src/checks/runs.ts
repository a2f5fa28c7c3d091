/** A check's verdict, and the run of results against it. */
export interface Verdict {
  readonly passing: boolean | undefined;
  readonly against: number;
}

export const noVerdict: Verdict = { passing: undefined, against: 0 };

/**
 * Counts results against the present verdict until there are enough in a row to turn it. Before the first verdict one success is
 * enough. Pure.
 */
export function judgeRun(
  verdict: Verdict,
  passed: boolean,
  needed: { readonly failures: number; readonly successes: number },
): Verdict {
  if (passed === verdict.passing) return { passing: passed, against: 0 };
  const against = (verdict.passing === undefined && passed ? needed.successes : verdict.against) + 1;
  return against >= (passed ? needed.successes : needed.failures)
    ? { passing: passed, against: 0 }
    : { ...verdict, against };
}
