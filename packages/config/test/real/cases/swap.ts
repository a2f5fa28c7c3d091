import { swap } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// The one folder of a test host whose file system can swap.
const path = "/var/lib/docker/slipway-swap";

export default cases({
  "swap.file": {
    before: `umask 077; fallocate -l 8M ${path} && mkswap ${path} && swapon ${path}`,
    property: swap.file("16M", { path }),
    shows: {
      "swapon --show=NAME,SIZE --noheadings": /slipway-swap +16M$/,
      [`stat -c '%a %s' ${path}`]: "600 16777216",
      "grep slipway /etc/fstab": `${path} none swap sw 0 0`,
      [`swapoff ${path} && swapon --all && swapon --show=NAME --noheadings`]: path,
    },
    afterwards: { "swapon --show": "", "grep -c slipway /etc/fstab": "0", [`ls ${path}`]: /No such file/ },
    // Not to be left to the machine below, whose memory it is.
    cleanup: `swapoff ${path}; rm -f ${path}`,
  },
});
