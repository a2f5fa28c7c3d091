export { type ContainerOptions, container } from "./container.ts";
export { type ForwardOptions, forward, type LocalForward } from "./forward.ts";
export { local } from "./local.ts";
export { type SshAuth, type SshOptions, ssh } from "./ssh.ts";
