import { type Project, read } from "./platform.ts";

/** What the team's chat was told, oldest first, by the demo's receiver. */
export async function told(project: Project): Promise<readonly string[]> {
  const lines = await read(project, "monitor", "cat /var/lib/slipway/receiver/received.jsonl");
  return lines.split("\n").map((line) => (JSON.parse(line) as { text: string }).text);
}
