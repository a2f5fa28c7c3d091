export { local } from "./local.ts";
export { type SshAuth, type SshOptions, ssh } from "./ssh.ts";
