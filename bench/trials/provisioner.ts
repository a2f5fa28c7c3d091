import { createInterface } from "node:readline";
import { operate } from "./operate.ts";
import type { Order } from "./provisioning.ts";

/** As a program: does one order of its standard input at the cloud, says each step, and ends with the last words of `operate`. */
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const next = async (): Promise<string> => (await lines.next()).value ?? "";
const order = JSON.parse(await next()) as Order;
const say = (what: string): boolean => process.stdout.write(`${what}\n`);
say(await operate(order, { say, go: next }));
process.exit();
