import { formatMs } from "@slipway/model";
import type { Announcement } from "../alerts/machine.ts";
import type { Send } from "./channel.ts";
import { post } from "./post.ts";

const colours = { warning: "#d9822b", critical: "#c23030", resolved: "#0f9960" } as const;

/** The one line that is shown in a notification. */
export function headline({ kind, alert, at }: Announcement): string {
  const where = alert.host === "" ? "" : ` on ${alert.host}`;
  if (kind === "resolved") return `Resolved after ${formatMs(Math.max(0, at - alert.since))}: ${alert.title}${where}`;
  const prefix = { firing: "", worse: "Worse: ", reminder: "Still: " }[kind];
  return `${prefix}${alert.severity === "critical" ? "Critical" : "Warning"}: ${alert.title}${where}`;
}

/** Slack reads these three as markup (https://api.slack.com/reference/surfaces/formatting#escaping). */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The body of a Slack-compatible incoming webhook. */
export function slackMessage(announcement: Announcement): object {
  const { alert, kind, at } = announcement;
  const text = escaped(headline(announcement));
  const fields = [
    { title: "Host", value: escaped(alert.host), short: true },
    { title: "Service", value: escaped(alert.service), short: true },
  ];
  return {
    text,
    attachments: [
      {
        fallback: text,
        color: kind === "resolved" ? colours.resolved : colours[alert.severity],
        text: escaped(alert.description),
        fields: fields.filter((field) => field.value !== ""),
        footer: announcement.id,
        ts: Math.floor(at / 1_000),
      },
    ],
  };
}

/** Slack, Mattermost, Rocket.Chat and whatever else takes Slack's incoming webhooks. */
export const send: Send = (config, announcement, sending) =>
  post(config, announcement, slackMessage(announcement), sending);
