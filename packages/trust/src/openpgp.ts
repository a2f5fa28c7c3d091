/** The one place that loads the library: it takes 100 ms, which commands that need no key do not pay. */
export const openpgp = (): Promise<typeof import("openpgp")> => import("openpgp");
