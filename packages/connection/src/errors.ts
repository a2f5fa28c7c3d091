import { errorsOf } from "@slipway/model";

/** Every error of this package: permanent codes, exit codes, and what to do. */
export const fail = errorsOf({
  "connection.host-key": {
    exitCode: 5,
    hint: "If the machine was rebuilt on purpose, pin its new key; otherwise someone may stand between you and it.",
  },
  "connection.auth": { exitCode: 1, hint: "Check the user name, and that the host's authorized_keys has this key." },
  "connection.key": { exitCode: 2, hint: "Give an unencrypted OpenSSH private key, or an agent's socket." },
  "connection.refused": { exitCode: 1, hint: "Check that sshd runs on that port; a machine that boots needs waitMs." },
  "connection.unreachable": { exitCode: 1, hint: "Check the address and that the machine is on." },
  "connection.busy": { exitCode: 1, hint: "sshd drops bursts (MaxStartups); connect to fewer hosts at once." },
  "connection.timeout": { exitCode: 1, hint: "Allow more time, or look at what the host is doing." },
  "connection.lost": { exitCode: 1, hint: "It is unknown whether the last command ran; connect again and look." },
  "connection.closed": { exitCode: 1, hint: "The connection was disposed before this call; open a new one." },
  "connection.shell": {
    exitCode: 1,
    hint: "The account needs a login shell that runs commands, and with sudo a NOPASSWD rule.",
  },
  "connection.sudo": {
    exitCode: 1,
    hint: "Put `NAME ALL=(ALL:ALL) NOPASSWD: ALL` into /etc/sudoers.d/NAME there, or log in as root.",
  },
  "connection.channel": { exitCode: 1, hint: "Check sshd's MaxSessions and AllowStreamLocalForwarding." },
  "connection.argument": { exitCode: 2, hint: "Send large or binary data over standard input." },
  "connection.output-too-large": { exitCode: 1, hint: "Raise maxOutputBytes, or read the output with spawn." },
  "connection.socket": { exitCode: 1, hint: "Check that the service listens and that the user may open its socket." },
  "connection.port": { exitCode: 1, hint: "Check that the service listens on the host." },
  "connection.unsupported": { exitCode: 1, hint: "Install socat there, or connect another way." },
  "connection.file-missing": { exitCode: 1, hint: "Check the path." },
  "connection.file": { exitCode: 1, hint: "Check the folder, its permissions and the free space." },
  "connection.container": { exitCode: 1, hint: "Check with `docker ps` that the container runs." },
  "connection.port-used": { exitCode: 1, hint: "Choose another local port, or 0 for any." },
  "docker.unreachable": { exitCode: 1, hint: "Start the Docker engine, or set DOCKER_HOST." },
  "docker.failed": { exitCode: 1, hint: "See the engine's message." },
});
