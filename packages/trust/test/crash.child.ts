import { openVault } from "@slipway/trust";
import { type Disk, realDisk } from "../src/folder.ts";

// Changes a vault and kills itself before its n-th write. For crash.test.ts.
const [dir = "", file = "", stopAt = ""] = process.argv.slice(2);
let count = 0;
const stopping =
  (name: keyof Disk) =>
  async (from: string, to: string): Promise<void> => {
    count += 1;
    if (count === Number(stopAt)) process.kill(process.pid, "SIGKILL");
    await realDisk[name](from, to);
  };
const disk = Object.fromEntries(Object.keys(realDisk).map((name) => [name, stopping(name as keyof Disk)]));
const vault = await openVault({ dir, key: { file }, disk: disk as unknown as Disk });
await vault.removeRecipient("bob");
process.stdout.write(String(count));
