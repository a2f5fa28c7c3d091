import type { App } from "@slipway/model";

/** What the ledger consists of and how its parts are joined. Plain data: whoever deploys it reads this, and nothing else of it. */
const app: App = {
  name: "ledger",
  hostname: "_",
  services: [
    {
      name: "core",
      port: 8080,
      ready: "/readyz",
      routes: ["/api"],
      data: true,
      events: {
        writes: { LoanGranted: 1, RepaymentMade: 1 },
        reads: { LoanGranted: [1], RepaymentMade: [1] },
      },
      stopSeconds: 20,
    },
    { name: "mail", data: true, reads: ["core"] },
    { name: "web", port: 8081, ready: "/readyz", routes: ["/"], reads: ["mail"] },
  ],
};

export default app;
