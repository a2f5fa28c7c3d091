// Creations with every fault on: a thousand of them on records of machines, or, with --real and a count, on machines.
if (process.argv[3] === "--real") await import("./faults/machines.ts");
else await import("./faults/records.ts");

export {};
