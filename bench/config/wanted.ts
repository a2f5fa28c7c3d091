/** What is wanted of every host: 100 things as plain data, so that each contender says the same in its own words. */
const numbers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1).padStart(2, "0"));

/** 30 files of about 1 KiB. */
export const files = numbers(30).map((number) => ({
  path: `/etc/bench-${number}.conf`,
  text: Array.from({ length: 24 }, (_, line) => `setting.${number}.${line} = "a value that is ${line} of many"\n`).join(
    "",
  ),
}));

/** 30 small packages of Debian 12 that start no service. */
export const packages = [
  "acl",
  "attr",
  "bc",
  "bsdextrautils",
  "bzip2",
  "dc",
  "ed",
  "ethtool",
  "file",
  "gawk",
  "htop",
  "iftop",
  "jq",
  "less",
  "lsof",
  "ncdu",
  "netcat-openbsd",
  "patch",
  "pigz",
  "pv",
  "rsync",
  "screen",
  "socat",
  "strace",
  "sudo",
  "time",
  "tmux",
  "tree",
  "unzip",
  "zip",
] as const;

const unitText = (what: string): string =>
  `[Unit]\nDescription=${what}\n\n[Service]\nExecStart=/bin/sleep infinity\n\n[Install]\nWantedBy=multi-user.target\n`;

/** 10 units of our own, and that each of them runs and starts with the machine: 20 things. */
export const units = numbers(10).map((number) => ({
  name: `bench-${number}.service`,
  text: unitText(`Bench service ${number}`),
}));

/** 10 users, and a rule of sudo for each: 20 things. */
export const users = numbers(10).map((number) => ({
  name: `bench${number}`,
  shell: "/bin/bash",
  sudoers: `/etc/sudoers.d/slipway-bench${number}`,
  rule: `bench${number} ALL=(ALL:ALL) NOPASSWD: ALL\n`,
}));

export const count = files.length + packages.length + 2 * units.length + 2 * users.length;
