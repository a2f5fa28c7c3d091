/** Whether this process takes the sources of the workspace's packages, as `./ops` does in a checkout, and not what was built of them. */
export const fromSources = (): boolean => process.execArgv.some((flag) => flag.includes("conditions=source"));
