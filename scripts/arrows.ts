import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The arrows of ARCHITECTURE.md: a package imports only from layers below its own, so no feature
 * package imports another, and a heavy library lives in one room.
 */
const layers: readonly (readonly string[])[] = [
  ["model"],
  ["connection", "trust", "journal"],
  ["provision", "config", "ci", "deploy", "monitor"],
  ["console"],
  ["e2e", "machines", "bench", "ledger", "slipway"],
];

/** Which room alone may import a library; `@scope/` stands for everything in the scope. */
const rooms: Readonly<Record<string, string>> = {
  ssh2: "connection",
  dockerode: "connection",
  openpgp: "trust",
  fastify: "console",
  "@fastify/": "console",
  react: "console",
  "react-dom": "console",
  "@tanstack/": "console",
};

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** The name, without scope, of the package that a path from the repository's root belongs to. */
export function packageOf(path: string): string {
  const [first, second] = path.split("/");
  if (first === "packages" || first === "apps" || first === "examples") return second ?? "slipway";
  if (first === "e2e") return second === "machines" ? "machines" : "e2e";
  return first === "bench" ? "bench" : "slipway";
}

const layerOf = (name: string): number => layers.findIndex((layer) => layer.includes(name));

/** Why a file may not import a specifier, or undefined when it may. Pure. */
export function refuse(file: string, specifier: string): string | undefined {
  const from = packageOf(file);
  if (specifier.startsWith(".")) {
    const to = packageOf(normalize(join(dirname(file), specifier)));
    return to === from || layerOf(from) === layers.length - 1
      ? undefined
      : `reaches into ${to} by a relative path; import @slipway/${to} instead`;
  }
  const room = Object.entries(rooms).find(
    ([library]) => specifier === library || specifier.startsWith(library.endsWith("/") ? library : `${library}/`),
  );
  if (room !== undefined && room[1] !== from) return `${room[0]} may be imported in ${room[1]} only`;
  if (!specifier.startsWith("@slipway/")) {
    const isPackage = !specifier.startsWith("node:");
    const isTest = /(^|\/)test\//.test(file);
    return from === "model" && isPackage && !isTest ? "model has no dependencies" : undefined;
  }
  const to = specifier.split("/")[1] ?? "";
  if (to === from) return undefined;
  if (to === "machines") {
    const allowed = /(^|\/)test\//.test(file) || layerOf(from) === layers.length - 1;
    return allowed ? undefined : "@slipway/machines is for tests only";
  }
  if (layerOf(to) === -1) return `@slipway/${to} is not a package of this repository`;
  const lastLayer = layerOf(from) === layers.length - 1 && to !== "e2e" && to !== "bench" && to !== "ledger";
  return layerOf(to) < layerOf(from) || lastLayer
    ? undefined
    : `${from} may not import ${to}: the arrow points the other way`;
}

const importing =
  /(?:^[ \t]*(?:import|export)\b(?:(?!^[ \t]*(?:import|export)\b)[^;"'`])*?from\s*|^[ \t]*import\s*|\bimport\(\s*|\brequire\(\s*)["']([^"'\n]+)["']/gm;

/** Every module that the source text names in an import, with its line; comments do not count. */
export function importsOf(text: string): { specifier: string; line: number }[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|\s)\/\/.*$/gm, "$1");
  return [...code.matchAll(importing)].map((found) => ({
    specifier: found[1] ?? "",
    line: code.slice(0, found.index + found[0].length).split("\n").length,
  }));
}

/** Reads the repository at `root` and returns every import and dependency that goes against the arrows. */
export function violations(root: string): Violation[] {
  const found: Violation[] = [];
  const check = (file: string, line: number, specifier: string): void => {
    const reason = refuse(file, specifier);
    if (reason !== undefined) found.push({ file, line, reason: `"${specifier}": ${reason}` });
  };
  const left = (path: string): boolean => /(^|\/)(node_modules|dist|fixtures|\.[^/]+)$/.test(path);
  for (const file of globSync("{packages,apps,e2e,examples,bench}/**/*.{ts,tsx,mts,js,mjs}", {
    cwd: root,
    exclude: left,
  })) {
    for (const { specifier, line } of importsOf(readFileSync(join(root, file), "utf8"))) check(file, line, specifier);
  }
  for (const file of globSync("{packages,apps}/*/package.json", { cwd: root })) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, file), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) check(file, 1, name);
  }
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const root = join(import.meta.dirname, "..");
  for (const { file, line, reason } of violations(root)) {
    process.stderr.write(`${relative(process.cwd(), join(root, file))}:${line} ${reason}\n`);
    process.exitCode = 1;
  }
}
