/** Whatever a test run makes carries its label, so that it can be cleared away when the run was killed. Empty outside of tests. */
export const runLabel = (): Readonly<Record<string, string>> => {
  const run = process.env["SLIPWAY_RUN"];
  return run === undefined || run === "" ? {} : { "slipway.run": run };
};
