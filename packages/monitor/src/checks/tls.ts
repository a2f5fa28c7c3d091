import type { Aside } from "./check.ts";

const day = 86_400_000;

/**
 * How near a certificate is to its end. It is renewed, as ACME clients do, in the last third of its life: warning when a third of that
 * window has passed without a renewal, critical when two thirds have.
 */
export function judgeCertificate(
  name: string,
  certificate: { readonly valid_from?: string; readonly valid_to?: string },
  now: number,
): Aside {
  const from = Date.parse(certificate.valid_from ?? "");
  const to = Date.parse(certificate.valid_to ?? "");
  const service = `tls ${name}`;
  if (Number.isNaN(from) || Number.isNaN(to)) {
    return { service, state: "critical", metric: 0, description: "the certificate has no readable dates" };
  }
  const window = (to - from) / 3;
  const left = to - now;
  const state = left < window / 3 ? "critical" : left < (window * 2) / 3 ? "warning" : "ok";
  const days = Math.floor(left / day);
  const description = left < 0 ? `expired ${-days} d ago` : `${days} d left of ${Math.round((to - from) / day)} d`;
  return { service, state, metric: days, description };
}
