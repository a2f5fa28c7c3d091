import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Where the token of a local cloud lies, for its owner alone. */
export const tokenFile = (cloud: string): string =>
  join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "slipway", "clouds", `${cloud}.token`);

/** The token of a local cloud, the same each time; made by the first who asks. */
export async function cloudToken(cloud: string): Promise<string> {
  const file = tokenFile(cloud);
  const read = async (): Promise<string> => (await readFile(file, "utf8")).trim();
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const half = `${file}.${process.pid}.new`;
  await writeFile(half, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  try {
    // A link is made whole and never over one that is there: of two that are first, both take the same.
    await link(half, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(half, { force: true });
  }
  return await read();
}

export const forgetToken = (cloud: string): Promise<void> => rm(tokenFile(cloud), { force: true });

/** The port of a local cloud unless another is named: of its name, so that it is the same each time. Pure. */
export const usualPort = (cloud: string): number =>
  20_000 + (createHash("sha256").update(cloud).digest().readUInt16BE(0) % 10_000);
