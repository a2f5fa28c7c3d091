export type { AlertPolicy, Announcement } from "./alerts/machine.ts";
export type { ChannelConfig, Send } from "./channels/channel.ts";
export {
  type ReceivedWebhook,
  type ReceiverOptions,
  receiveWebhooks,
  type WebhookReceiver,
} from "./channels/receive.ts";
export type { CheckConfig, Finding, Probe, ProbeContext } from "./checks/check.ts";
export type { WatchedHost } from "./collect/collector.ts";
export { type MonitorConfig, parseMonitorConfig } from "./config.ts";
export {
  type Channel,
  type Check,
  compileMonitor,
  disk,
  type Monitor,
  type MonitorSpec,
  metrics,
  monitor,
  type Stream,
  slack,
  tcp,
  url,
  webhook,
} from "./monitor.ts";
export { hostDefaults } from "./rules/defaults.ts";
export type { RuleConfig } from "./rules/rule.ts";
export { defaultSocketPath, type MonitorClient, monitorClient } from "./station/client.ts";
export { formatStatus } from "./station/format.ts";
export { runMonitor, type StationOptions } from "./station/run.ts";
export type { AlertsView, Change, CheckStatus, HostStatus, MetricView, MonitorStatus } from "./station/view.ts";
export type { SeriesQuery, SeriesView } from "./store/metricStore.ts";
export { type Inlet, type Op, pipe, split } from "./streams/op.ts";
