import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const docs = join(import.meta.dirname, "../../docs");
const block = /<!-- file: (\S+) -->\n```(\w+)\n(.*?)```/gs;

/** The files that a document shows, by name, as it shows them. */
const shownIn = async (document: string): Promise<readonly (readonly [file: string, text: string])[]> =>
  [...(await readFile(join(docs, document), "utf8")).matchAll(block)].map(([, file = "", , text = ""]) => [file, text]);

test.each([
  ["from-ansible.md", ["examples/ci-host/playbook.yml", "examples/ci-host/ops.config.ts"]],
  ["from-propellor.md", ["examples/ci-host/config.hs", "examples/ci-host/ops.config.ts"]],
])("%s shows the files that are run", async (document, files) => {
  if (process.env["UPDATE_FIXTURES"] === "1") await update(document);
  const shown = await shownIn(document);
  expect(shown.map(([file]) => file)).toEqual(files);
  for (const [file, text] of shown) expect(text).toBe(await readFile(join(docs, file), "utf8"));
});

async function update(document: string): Promise<void> {
  let text = await readFile(join(docs, document), "utf8");
  for (const [whole, file = "", language = ""] of text.matchAll(block)) {
    const content = await readFile(join(docs, file), "utf8");
    text = text.replace(whole, () => `<!-- file: ${file} -->\n\`\`\`${language}\n${content}\`\`\``);
  }
  await writeFile(join(docs, document), text);
}
