import { accountCalls, actionCalls } from "./account.ts";
import type { Api } from "./call.ts";
import { regionCalls, sizeCalls } from "./catalog.ts";
import { domainCalls, recordCalls } from "./domains.ts";
import { dropletActionCalls } from "./droplet-actions.ts";
import { dropletDestroyCalls } from "./droplet-destroy.ts";
import { dropletCalls } from "./droplets.ts";
import { firewallCalls } from "./firewalls.ts";
import { imageCalls } from "./images.ts";
import { keyCalls } from "./keys.ts";
import { projectCalls } from "./projects.ts";
import { floatingIpCalls, reservedIpCalls, reservedIpv6Calls } from "./reserved-ips.ts";
import { snapshotCalls } from "./snapshots.ts";
import { tagCalls } from "./tags.ts";
import { volumeCalls } from "./volumes.ts";
import { vpcCalls } from "./vpcs.ts";

/** All calls of DigitalOcean's API v2 that this package knows, by family. */
export const familiesOf = (api: Api) => ({
  account: accountCalls(api),
  actions: actionCalls(api),
  domains: domainCalls(api),
  dropletActions: dropletActionCalls(api),
  dropletDestroy: dropletDestroyCalls(api),
  droplets: dropletCalls(api),
  firewalls: firewallCalls(api),
  floatingIps: floatingIpCalls(api),
  images: imageCalls(api),
  keys: keyCalls(api),
  projects: projectCalls(api),
  records: recordCalls(api),
  regions: regionCalls(api),
  reservedIps: reservedIpCalls(api),
  reservedIpv6: reservedIpv6Calls(api),
  sizes: sizeCalls(api),
  snapshots: snapshotCalls(api),
  tags: tagCalls(api),
  volumes: volumeCalls(api),
  vpcs: vpcCalls(api),
});
