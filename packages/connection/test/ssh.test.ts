import { ssh } from "@slipway/connection";
import { contract } from "./contract.ts";
import { startEcho } from "./echo.ts";
import { sshdHere, startSshd } from "./sshd.ts";

if (sshdHere) {
  contract("ssh", async () => {
    const sshd = await startSshd();
    const echo = await startEcho(sshd.folder);
    return {
      open: () => ssh(sshd.address, { privateKey: sshd.privateKey }),
      echo,
      async [Symbol.asyncDispose]() {
        await echo[Symbol.asyncDispose]();
        await sshd[Symbol.asyncDispose]();
      },
    };
  });
}
