import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical.ts";

const type = "slipway-vault/1";

/** One file as it was when somebody last changed it. */
interface Listed {
  /** Lower-case hex, of the file's bytes. */
  readonly sha256: string;
  /** Fingerprint of who changed it, and when (ISO 8601). */
  readonly by: string;
  readonly at: string;
}

export interface RecipientEntry extends Listed {
  readonly fingerprint: string;
  /** Signature over {@link grantText} by who let it in, so that others who know that one may know this one. */
  readonly grant: string;
}

export interface SecretEntry extends Listed {
  /** Names of the recipients it is for. Absent: all there are. */
  readonly for?: readonly string[];
  /** Fingerprints it is encrypted for. */
  readonly readers: readonly string[];
}

/** All that a vault holds, signed as a whole. Secrets and public halves go by `NAME`, or `CONTEXT/NAME`. */
export interface Manifest {
  readonly type: typeof type;
  /** Random; says of what vault it is. */
  readonly vault: string;
  /** One more with every change. */
  readonly sequence: number;
  readonly recipients: Readonly<Record<string, RecipientEntry>>;
  readonly secrets: Readonly<Record<string, SecretEntry>>;
  /** Public halves of keys. */
  readonly publics: Readonly<Record<string, Listed>>;
  /** Fingerprints of those who were taken out: what let them in once does not do so again. */
  readonly gone?: readonly string[];
}

export const newManifest = (vault: string): Manifest => ({
  type,
  vault,
  sequence: 0,
  recipients: {},
  secrets: {},
  publics: {},
});

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export const grantText = (vault: string, name: string, fingerprint: string): string =>
  `${type} ${vault} recipient ${name} ${fingerprint}\n`;

/** The one spelling of a manifest: keys sorted, a line for each value so that a diff can be read. */
export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify(JSON.parse(canonicalJson(manifest)), undefined, 2)}\n`;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string");

const listed = (entry: Fields): boolean =>
  typeof entry.sha256 === "string" && typeof entry.by === "string" && typeof entry.at === "string";
const kinds: Readonly<Record<string, (entry: Fields) => boolean>> = {
  recipients: (entry) => typeof entry.fingerprint === "string" && typeof entry.grant === "string",
  secrets: (entry) => isTexts(entry.readers) && (entry.for === undefined || isTexts(entry.for)),
  publics: () => true,
};

const keyForm = /^([a-z][a-z0-9-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** A manifest from its text; undefined for anything else, and for another spelling of one. */
export function readManifest(text: string): Manifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(value) || value.type !== type || typeof value.vault !== "string") return undefined;
  if (!Number.isSafeInteger(value.sequence) || !(value.gone === undefined || isTexts(value.gone))) return undefined;
  for (const [kind, fits] of Object.entries(kinds)) {
    const entries = value[kind];
    if (!isFields(entries)) return undefined;
    for (const [key, entry] of Object.entries(entries)) {
      // They become paths.
      if (!keyForm.test(key) || key.includes("..") || (kind === "recipients" && key.includes("/"))) return undefined;
      if (!isFields(entry) || !listed(entry) || !fits(entry)) return undefined;
    }
  }
  const manifest = value as unknown as Manifest;
  return manifestText(manifest) === text ? manifest : undefined;
}

export const recipientPath = (name: string): string => `recipients/${name}.asc`;
export const secretPath = (key: string): string => `${key}.asc`;
/** Beside the secrets of its context. */
export const publicPath = (key: string): string => {
  const at = key.lastIndexOf("/") + 1;
  return `${key.slice(0, at)}public/${key.slice(at)}`;
};

/** Every file that a manifest lists → its digest. */
export const filesOf = (manifest: Manifest): ReadonlyMap<string, string> =>
  new Map([
    ...Object.entries(manifest.recipients).map(([name, { sha256 }]) => [recipientPath(name), sha256] as const),
    ...Object.entries(manifest.secrets).map(([key, { sha256 }]) => [secretPath(key), sha256] as const),
    ...Object.entries(manifest.publics).map(([key, { sha256 }]) => [publicPath(key), sha256] as const),
  ]);
