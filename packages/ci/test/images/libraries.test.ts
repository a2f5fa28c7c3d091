import { expect, test } from "vitest";
import { librariesOf } from "../../src/images/libraries.ts";

// Captured on Debian 12.
const node = `\tlinux-vdso.so.1 (0x00007fbfa4ee3000)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007fbfa4ecd000)
\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007fbfa4c00000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fbfa493e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007fbfa4ee5000)
`;

test("the libraries and the loader, without the kernel's own", () => {
  expect(librariesOf(node)).toEqual([
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/x86_64-linux-gnu/libdl.so.2",
    "/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/lib64/ld-linux-x86-64.so.2",
  ]);
});

test("a static program has none", () => {
  expect(librariesOf("\tstatically linked\n")).toEqual([]);
});

test("a library that is missing is told", () => {
  expect(() => librariesOf("\tlibgone.so.1 => not found\n")).toThrow("libgone.so.1 is missing");
});
