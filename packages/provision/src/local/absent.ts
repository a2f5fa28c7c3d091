import { page, type Route } from "./http.ts";
import { stamp } from "./store.ts";

/** Families of DigitalOcean's API that this cloud has none of: where their lists are, and by which name. */
const lists: readonly (readonly [path: string, name: string])[] = [
  ["/v2/1-clicks", "1_clicks"],
  ["/v2/apps", "apps"],
  ["/v2/byoip_prefixes", "byoip_prefixes"],
  ["/v2/cdn/endpoints", "endpoints"],
  ["/v2/certificates", "certificates"],
  ["/v2/customers/my/billing_history", "billing_history"],
  ["/v2/customers/my/invoices", "invoices"],
  ["/v2/databases", "databases"],
  ["/v2/droplets/autoscale", "autoscale_pools"],
  ["/v2/kubernetes/clusters", "kubernetes_clusters"],
  ["/v2/load_balancers", "load_balancers"],
  ["/v2/monitoring/alerts", "policies"],
  ["/v2/spaces/keys", "keys"],
  ["/v2/uptime/checks", "checks"],
  ["/v2/vpc_peerings", "vpc_peerings"],
];

/** What tools that look at a whole account ask for: that there is none is no error. */
export const absentRoutes: readonly Route[] = [
  ...lists.map(([path, name]): Route => ["GET", path, (call) => page(call, name, [])]),
  [
    "GET",
    "/v2/customers/my/balance",
    () => ({
      status: 200,
      body: {
        month_to_date_balance: "0.00",
        account_balance: "0.00",
        month_to_date_usage: "0.00",
        generated_at: stamp(),
      },
    }),
  ],
];
