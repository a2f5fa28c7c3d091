/** One line of JSON on standard output: the services' only log. */
export const say = (service: string, what: string, more: Readonly<Record<string, unknown>> = {}): void => {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), service, what, ...more })}\n`);
};
