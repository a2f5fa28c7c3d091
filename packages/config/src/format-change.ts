import { type Change, type Command, commandLine, isCommand, isRemoval, isWrite } from "@slipway/model";

/** A change as one line for people; contents are not shown. */
export function formatChange(change: Change): string {
  if (isWrite(change)) {
    const size = typeof change.content === "string" ? `${Buffer.byteLength(change.content)} bytes` : "[secret]";
    return `write ${change.path} (${change.mode} ${change.owner}:${change.group}, ${size})`;
  }
  if (isRemoval(change)) return `remove ${change.remove}`;
  const text =
    commandLine(plain(isCommand(change) ? change : change.run))
      .replaceAll(/ -o \S+/g, "")
      .split("\n")[0] ?? "";
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

/** What a command is about, without the wrapping that makes it patient and calm. */
function plain(command: Command): Command {
  const [program, ...args] = command;
  if (program === "env") {
    const from = args.findIndex((arg) => !/^[A-Z_]+=/.test(arg));
    return plain(args.slice(from) as unknown as Command);
  }
  const [flag, script = "", , ...rest] = args;
  if (program === "sh" && flag === "-c" && script.includes('"$@"') && rest.length > 0)
    return plain(rest as unknown as Command);
  // A script of several lines is told by its name and what it is given.
  const name = args[2];
  if (program === "sh" && flag === "-c" && script.includes("\n") && name !== undefined && name !== "sh")
    return [name, ...rest];
  return command;
}
