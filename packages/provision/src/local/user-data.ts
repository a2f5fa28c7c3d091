import { type ShellText, sh } from "@slipway/model";

/** The part of cloud-init's `#cloud-config` that hosts of the local cloud understand. */
export interface CloudConfig {
  readonly hostname?: string;
  readonly ssh_authorized_keys?: readonly string[];
  readonly ssh_keys?: Readonly<Record<string, string>>;
  readonly users?: readonly (string | CloudUser)[];
  readonly write_files?: readonly CloudFile[];
  readonly runcmd?: readonly (string | readonly string[])[];
}
export interface CloudUser {
  readonly name: string;
  readonly shell?: string;
  readonly groups?: string | readonly string[];
  readonly sudo?: string | readonly string[] | false | null;
  readonly ssh_authorized_keys?: readonly string[];
}
export interface CloudFile {
  readonly path: string;
  readonly content?: string;
  readonly permissions?: string;
  readonly owner?: string;
  readonly encoding?: string;
  readonly append?: boolean;
}

const here = (text: string): string => Buffer.from(text).toString("base64");
const writes = (path: string, text: string, mode: string): ShellText =>
  sh`printf %s ${here(text)} | base64 -d > ${`${path}.new`} && chmod ${mode} ${`${path}.new`} && mv ${`${path}.new`} ${path}`;

const authorize = (home: string, user: string, keys: readonly string[]): readonly ShellText[] =>
  keys.length === 0
    ? []
    : [
        sh`install -d -m 700 -o ${user} -g ${user} ${`${home}/.ssh`}`,
        sh`printf '%s\n' ${keys} >> ${`${home}/.ssh/authorized_keys`}`,
        sh`chown ${`${user}:${user}`} ${`${home}/.ssh/authorized_keys`}`,
        sh`chmod 600 ${`${home}/.ssh/authorized_keys`}`,
      ];

/** The script of the first stage, which runs before sshd starts: host name, host keys, users, files. Pure. */
export function initScript(
  config: CloudConfig,
  more: { readonly hostname: string; readonly rootKeys: readonly string[] },
): string {
  const hostname = config.hostname ?? more.hostname;
  const lines: ShellText[] = [
    sh`printf '%s\n' ${hostname} > /etc/hostname`,
    sh`hostname ${hostname}`,
    sh`grep -q ${`127.0.1.1 ${hostname}`} /etc/hosts || printf '%s\n' ${`127.0.1.1 ${hostname}`} >> /etc/hosts`,
  ];
  for (const [name, value] of Object.entries(config.ssh_keys ?? {})) {
    const [, type, part] = /^(rsa|ecdsa|ed25519)_(private|public)$/.exec(name) ?? [];
    if (type === undefined) continue;
    const path = `/etc/ssh/ssh_host_${type}_key${part === "public" ? ".pub" : ""}`;
    lines.push(writes(path, `${value.trim()}\n`, part === "public" ? "644" : "600"));
  }
  lines.push(...authorize("/root", "root", [...more.rootKeys, ...(config.ssh_authorized_keys ?? [])]));
  for (const user of config.users ?? []) if (typeof user !== "string") lines.push(...account(user));
  for (const file of config.write_files ?? []) lines.push(...content(file));
  return script(lines);
}

function account(user: CloudUser): readonly ShellText[] {
  const groups = typeof user.groups === "string" ? user.groups.split(/\s*,\s*/) : (user.groups ?? []);
  const rules = user.sudo === undefined || user.sudo === false || user.sudo === null ? [] : [user.sudo].flat();
  return [
    sh`id ${user.name} >/dev/null 2>&1 || useradd -m -s ${user.shell ?? "/bin/sh"} ${user.name}`,
    ...groups.map(
      (group) => sh`getent group ${group} >/dev/null || groupadd ${group}; usermod -a -G ${group} ${user.name}`,
    ),
    ...authorize(`/home/${user.name}`, user.name, user.ssh_authorized_keys ?? []),
    ...(rules.length === 0
      ? []
      : [
          writes(`/etc/sudoers.d/90-cloud-${user.name}`, rules.map((rule) => `${user.name} ${rule}\n`).join(""), "440"),
        ]),
  ];
}

function content(file: CloudFile): readonly ShellText[] {
  const encoded = /^(b64|base64)$/.test(file.encoding ?? "") ? (file.content ?? "") : here(file.content ?? "");
  const folder = file.path.replace(/\/[^/]*$/, "") || "/";
  return [
    sh`mkdir -p ${folder}`,
    file.append === true
      ? sh`printf %s ${encoded} | base64 -d >> ${file.path}`
      : sh`printf %s ${encoded} | base64 -d > ${file.path}`,
    sh`chmod ${file.permissions ?? "0644"} ${file.path}`,
    ...(file.owner === undefined ? [] : [sh`chown ${file.owner} ${file.path}`]),
  ];
}

/** The script of the last stage: the commands, in their order; as in cloud-init one that fails does not stop the next. Pure. */
export const finalScript = (config: CloudConfig): string =>
  (config.runcmd ?? []).map((command) => (typeof command === "string" ? command : sh`${command}`.text)).join("\n");

const script = (lines: readonly ShellText[]): string => `${lines.map((line) => line.text).join("\n")}\n`;

/** Reads user data: a `#cloud-config` document (YAML, so JSON too). A script (`#!`) becomes one command of the last stage. */
export async function readUserData(text: string): Promise<CloudConfig> {
  if (text.startsWith("#!")) return { runcmd: [["sh", "-c", text]] };
  if (!text.startsWith("#cloud-config")) return {};
  const { parse } = await import("yaml");
  const parsed: unknown = parse(text);
  return typeof parsed === "object" && parsed !== null ? parsed : {};
}
