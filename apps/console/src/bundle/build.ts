import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { changedSince, putStamp } from "../platform/stamp.ts";

/** Of other people's packages only these are taken in; others have native parts or workers, or are used by few verbs. */
const takenIn = /^(?:@slipway\/|(?:commander|openpgp|yaml|zod)(?:\/|$))/;

/** Programs of their own, and what runs in a browser. */
const isOutside = (path: string): boolean => /(?:^|[/\\])(?:main\.[jt]s$|web[/\\])/.test(path);

const source = dirname(import.meta.dirname);
const extension = extname(import.meta.filename);

/** The modules of Slipway's packages, the console's own among them: each may be imported by an ops.config.ts, and is then the one in the bundle. */
async function ownModules(): Promise<readonly string[]> {
  const about = JSON.parse(await readFile(join(dirname(source), "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const names = Object.keys(about.dependencies).filter((name) => name.startsWith("@slipway/"));
  const folders = [source, ...names.map((name) => dirname(fileURLToPath(import.meta.resolve(name))))];
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(extension) && !path.endsWith(".d.ts") && !isOutside(path))
      .sort()
      .map((path) => join(folder, path)),
  );
}

/** Leaves other packages where they are, found from where they are imported. */
const outside: Plugin = {
  name: "outside",
  setup(build) {
    const asked = Symbol("asked");
    build.onResolve({ filter: /^[^./]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === asked || path.startsWith("node:") || takenIn.test(path)) return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: asked });
      if (found.errors.length > 0) return { path, external: true };
      if (importer.includes("node_modules")) return found;
      return { path: kind === "dynamic-import" ? pathToFileURL(found.path).href : found.path, external: true };
    });
  },
};

/** What Zod says in other languages than English: fifty modules that it loads and nobody asks for. */
const oneLanguage: Plugin = {
  name: "one-language",
  setup(build) {
    build.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, importer }) =>
      /[/\\]zod[/\\]/.test(importer) ? { path, namespace: "one-language" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "one-language" }, () => ({ contents: "export {};" }));
  },
};

/** What a module knows of its place stays true: it is that of its file. */
const places: Plugin = {
  name: "places",
  setup(build) {
    build.onLoad({ filter: /\.[mc]?[jt]s$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.")) return undefined;
      const here = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
      return {
        // On the first line, so that the numbers of lines stay.
        contents: `const slipwayHere = ${JSON.stringify(here)}; ${text}`,
        loader: path.endsWith("ts") ? "ts" : "js",
      };
    });
  },
};

/** Makes one file of all modules, each run when it is first asked for. Gives its text, and every file that was read. Rejects when a module cannot be part. */
export async function bundleText(
  conditions: readonly string[],
): Promise<{ readonly text: string; readonly files: readonly string[] }> {
  const modules = await ownModules();
  const line = (path: string): string =>
    `${JSON.stringify(pathToFileURL(path).href)}: () => require(${JSON.stringify(path)}),`;
  const { build, stop } = await import("esbuild");
  const made = await build({
    stdin: {
      contents: `exports.modules = {\n${modules.map(line).join("\n")}\n};`,
      resolveDir: source,
      loader: "js",
    },
    absWorkingDir: resolve("/"),
    bundle: true,
    // Unlike in a module, what is outside is only loaded by who needs it.
    format: "cjs",
    platform: "node",
    target: `node${process.versions.node}`,
    conditions: [...conditions],
    define: {
      "import.meta.url": "slipwayHere.url",
      "import.meta.dirname": "slipwayHere.dirname",
      "import.meta.filename": "slipwayHere.filename",
    },
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [outside, oneLanguage, places],
    // Less to read at each start; a line that Node shows of it stays short.
    minifyWhitespace: true,
    lineLimit: 200,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  // A command may stay for long, such as the console.
  await stop();
  const files = Object.keys(made.metafile.inputs)
    .filter((input) => input !== "<stdin>" && !input.startsWith("one-language:"))
    .map((input) => join(resolve("/"), input));
  const esbuild = createRequire(import.meta.url).resolve("esbuild/package.json");
  return { text: made.outputFiles[0]?.text ?? "", files: [esbuild, ...files] };
}

/** Makes the bundle and says with a stamp what it was made of. False when a file changed meanwhile, or there is no room for it. */
export async function makeBundle(
  file: string,
  {
    stamp,
    asked,
    conditions,
  }: { readonly stamp: string; readonly asked: readonly string[]; readonly conditions: readonly string[] },
): Promise<boolean> {
  const half = `${file}.${process.pid}.new`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(half, "", { mode: 0o600 });
    const began = Date.now();
    const { text, files } = await bundleText(conditions);
    if (changedSince(files, began)) return false;
    await writeFile(half, text);
    await rename(half, file);
    await putStamp(stamp, asked, { files, made: [file], began });
    return true;
  } catch {
    return false;
  } finally {
    await rm(half, { force: true });
  }
}
