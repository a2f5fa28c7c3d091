import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

export interface Publishable {
  readonly name: string;
  readonly problems: readonly string[];
}

/** Packs every public package as pnpm would publish it and returns what publint finds wrong in it. */
export async function publishable(root: string): Promise<Publishable[]> {
  const checked: Publishable[] = [];
  for (const file of globSync("{packages,apps}/*/package.json", { cwd: root }).toSorted()) {
    const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as { name: string; private?: boolean };
    if (manifest.private === true) continue;
    const { messages } = await publint({
      pkgDir: join(root, dirname(file)),
      pack: "pnpm",
      level: "warning",
      strict: true,
    });
    const problems = messages.map((one) => formatMessage(one, manifest) ?? one.code);
    checked.push({ name: manifest.name, problems });
  }
  return checked;
}
