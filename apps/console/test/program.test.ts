import type { CommanderError } from "commander";
import { expect, test } from "vitest";
import { createProgram, usageExit } from "../src/cli/program.ts";

/** What a command line asks for: the options its verb is given. */
async function asked(...words: readonly string[]): Promise<{ globals: unknown; options: unknown }> {
  let got: { globals: unknown; options: unknown } | undefined;
  const program = createProgram(async (globals, load, options) => {
    expect(await load()).toBeTypeOf("function");
    got = { globals, options };
  });
  await program.parseAsync(words, { from: "user" });
  if (got === undefined) throw new Error("no verb was run");
  return got;
}

const refused = async (...words: readonly string[]): Promise<CommanderError> => {
  const program = createProgram(async () => undefined);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)])
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  return program.parseAsync(words, { from: "user" }).then(
    () => {
      throw new Error("it was taken");
    },
    (error: unknown) => error as CommanderError,
  );
};

test("options of a verb, global ones before and after it", async () => {
  expect(await asked("deploy", "prod", "--commit", "3f2a")).toMatchObject({
    options: { environment: "prod", commit: "3f2a" },
  });
  expect(await asked("--json", "demo", "--once")).toMatchObject({
    globals: { json: true },
    options: { once: true, down: false },
  });
  expect(await asked("demo", "--once", "--json", "-y")).toMatchObject({ globals: { json: true, yes: true } });
  expect(await asked("config", "--on", "a,b", "--on", "c")).toMatchObject({
    options: { on: ["a", "b", "c"], planOnly: false },
  });
  expect(await asked("console", "--port", "4301")).toMatchObject({ options: { port: 4_301 } });
  expect(await asked("ci", "log", "7", "unit")).toMatchObject({ options: { run: "7", step: "unit" } });
});

test("ops config applies by itself, and everything of it can be said before or after its verbs", async () => {
  expect(await asked("config")).toMatchObject({
    options: { planOnly: false, on: [], retry: false, keepRemoved: false, all: false, detailedExitCode: false },
  });
  expect(await asked("config", "--plan", "--on", "a")).toMatchObject({ options: { planOnly: true, on: ["a"] } });
  expect(await asked("config", "apply", "next.plan", "--on", "a,b")).toMatchObject({
    options: { file: "next.plan", on: ["a", "b"] },
  });
  expect(
    await asked("config", "apply", "--canary", "1", "--at-once", "25%", "--give-up-after", "3", "--retry", "--json"),
  ).toMatchObject({
    globals: { json: true },
    options: { canary: 1, atOnce: "25%", giveUpAfter: 3, retry: true, planOnly: false },
  });
  expect(await asked("config", "--keep-removed", "--events", "-", "--only", "a, b", "--only", "c")).toMatchObject({
    options: { keepRemoved: true, events: "-", only: ["a, b", "c"] },
  });
  expect(await asked("config", "plan", "--out", "f", "--all", "--detailed-exit-code")).toMatchObject({
    options: { out: "f", all: true, detailedExitCode: true, on: [] },
  });
  expect(await asked("config", "exec", "uptime -p", "--on", "a", "--at-once", "2")).toMatchObject({
    options: { command: "uptime -p", on: ["a"], atOnce: 2 },
  });
  expect(await asked("config", "exec", "--", "ls", "-l", "/")).toMatchObject({ options: { command: "ls -l /" } });
  expect(await asked("config", "bake", "web", "--image", "a:b")).toMatchObject({
    options: { host: "web", image: "a:b", withSecrets: false },
  });
});

test("options of the secrets verbs", async () => {
  expect(await asked("secrets", "set", "a", "--for", "ada,ci", "--context", "prod")).toMatchObject({
    options: { name: "a", for: ["ada", "ci"], context: "prod" },
  });
  expect(await asked("secrets", "rotate", "a", "b", "--generate")).toMatchObject({
    options: { names: ["a", "b"], generateBytes: 32, reencrypt: false },
  });
  expect(await asked("secrets", "rotate", "--generate", "48", "a")).toMatchObject({
    options: { names: ["a"], generateBytes: 48 },
  });
  expect(usageExit(await refused("secrets", "rotate", "a", "--generate", "4"))).toBe(2);
  expect(await asked("secrets", "recipients", "add", "bob", "--gpg", "ABCD", "--json")).toMatchObject({
    globals: { json: true },
    options: { name: "bob", gpg: "ABCD" },
  });
  expect(await asked("secrets", "recipients", "--json")).toMatchObject({ globals: { json: true }, options: {} });
});

test("whatever stands behind the host of ops ssh is the command's, also what ops itself would understand", async () => {
  expect(await asked("ssh", "web")).toMatchObject({ options: { host: "web", command: [] } });
  const globals = { json: true, env: "staging" };
  for (const words of [
    ["ssh", "--json", "--env", "staging", "web", "ls", "-la", "--json", "--", "x"],
    ["--json", "--env", "staging", "ssh", "web", "--", "ls", "-la", "--json", "--", "x"],
  ])
    expect(await asked(...words)).toMatchObject({
      globals,
      options: { host: "web", command: ["ls", "-la", "--json", "--", "x"] },
    });
  const { globals: without } = await asked("ssh", "web", "--env", "staging", "-q");
  expect(without).toMatchObject({ quiet: false, json: false });
  expect(without).not.toHaveProperty("env");
  expect(await asked("ssh-config", "--include")).toMatchObject({ options: { include: true, removeInclude: false } });
  expect(usageExit(await refused("ssh-config", "--include", "--remove-include"))).toBe(2);
});

test("the environment and the file are named before or behind any verb", async () => {
  for (const words of [
    ["--env", "staging", "--config", "o.ts", "config", "plan"],
    ["config", "--env", "staging", "plan", "--config", "o.ts"],
    ["config", "plan", "--env", "staging", "--config", "o.ts"],
    ["--env", "prod", "config", "plan", "--env", "staging", "--config", "o.ts"],
  ])
    expect((await asked(...words)).globals).toMatchObject({ env: "staging", config: "o.ts", json: false });
  expect((await asked("--json", "ci", "runs")).globals).toMatchObject({ json: true });
  expect((await asked("ci", "--json", "runs")).globals).toMatchObject({ json: true });
});

test("options of ops provision and its verbs", async () => {
  expect(await asked("provision")).toMatchObject({ options: { planOnly: false, detailedExitCode: false } });
  expect(await asked("provision", "--plan", "--only", "a,b")).toMatchObject({
    options: { planOnly: true, only: ["a", "b"] },
  });
  expect(await asked("provision", "plan", "--out", "f", "--replace", "a", "--unlisted", "destroy")).toMatchObject({
    options: { out: "f", replace: ["a"], unlisted: "destroy" },
  });
  expect(await asked("provision", "apply", "f", "-y", "--env", "staging")).toMatchObject({
    globals: { yes: true, env: "staging" },
    options: { file: "f" },
  });
  expect((await asked("provision", "--unlisted", "keep")).options).not.toHaveProperty("unlisted");
  expect(
    await asked("provision", "copy", "prod", "staging", "--domain", "a.org=b.org", "--domain", "C.org=d.org", "--plan"),
  ).toMatchObject({
    options: { from: "prod", to: "staging", domains: { "a.org": "b.org", "c.org": "d.org" }, planOnly: true },
  });
  expect(await asked("provision", "adopt", "db", "--id", "4711", "--host-key-file", "k")).toMatchObject({
    options: { host: "db", id: "4711", hostKeyFile: "k", trustShown: false },
  });
  expect(await asked("provision", "unprotect", "a", "b")).toMatchObject({ options: { names: ["a", "b"], on: false } });
  expect(await asked("provision", "destroy", "--confirm", "shop")).toMatchObject({ options: { confirm: "shop" } });
  for (const bad of [
    ["adopt", "db"],
    ["copy", "prod"],
    ["copy", "a", "b", "--domain", "x"],
    ["--unlisted", "burn"],
    ["--only", "web", "--unlisted", "destroy"],
    ["--only", "web", "plan", "--unlisted", "destroy"],
    ["apply", "--only", "web", "--unlisted", "destroy"],
    ["protect"],
  ])
    expect(usageExit(await refused("provision", ...bad)), bad.join(" ")).toBe(2);
});

test("what is said to a verb above is refused by one below that does not know it", async () => {
  for (const bad of [
    ["provision", "--only", "web", "destroy", "--confirm", "shop"],
    ["provision", "--plan", "destroy", "--confirm", "shop"],
    ["provision", "--plan", "apply"],
    ["provision", "--detailed-exit-code", "protect", "web"],
    ["config", "--retry", "plan"],
    ["config", "--only", "a", "exec", "true"],
    ["cloud", "--name", "lab", "remove", "other", "--confirm", "other"],
    ["cloud", "--port", "4380", "list"],
  ])
    expect(usageExit(await refused(...bad)), bad.join(" ")).toBe(2);
  expect(await asked("provision", "--only", "web", "--detailed-exit-code", "plan", "--out", "f")).toMatchObject({
    options: { only: ["web"], out: "f", detailedExitCode: true },
  });
  expect(await asked("provision", "-y", "--env", "staging", "destroy")).toMatchObject({
    globals: { yes: true, env: "staging" },
  });
  expect(await asked("config", "--on", "a", "exec", "true")).toMatchObject({ options: { on: ["a"] } });
});

test("a plan for some hosts may be told to keep what nothing asks for", async () => {
  expect(await asked("provision", "--only", "web", "--unlisted", "keep")).toMatchObject({ options: { only: ["web"] } });
});

test("options of ops cloud", async () => {
  expect(await asked("cloud", "--name", "lab", "--port", "4380")).toMatchObject({
    options: { name: "lab", port: 4380 },
  });
  expect(await asked("cloud", "remove", "lab", "--confirm", "lab")).toMatchObject({
    options: { name: "lab", confirm: "lab" },
  });
  expect(await asked("cloud", "--faults", "429,reset", "--rate", "0.5", "--seed", "7")).toMatchObject({
    options: { faults: ["429", "reset"], rate: 0.5, seed: 7 },
  });
  for (const bad of [
    ["--name", "../x"],
    ["--faults", "fire"],
    ["--rate", "2"],
    ["--seed", "x"],
  ])
    expect(usageExit(await refused("cloud", ...bad)), bad.join(" ")).toBe(2);
  expect(usageExit(await refused("cloud", "remove"))).toBe(2);
});

test("every verb can be loaded", async () => {
  for (const words of [
    ["init"], ["provision"], ["config"], ["config", "plan"], ["config", "apply"],
    ["config", "drift"], ["config", "exec", "true"], ["config", "facts"], ["config", "bake", "a", "--image", "b"],
    ["secrets", "set", "a"], ["secrets", "get", "a"], ["secrets", "list"],
    ["secrets", "edit", "a"], ["secrets", "rotate", "a"], ["secrets", "remove", "a"], ["secrets", "check"],
    ["secrets", "recipients"], ["secrets", "recipients", "list"], ["secrets", "recipients", "add", "a"], ["secrets", "recipients", "remove", "a"], ["ci", "runs"], ["ci", "wait", "x"],
    ["rollback", "prod"], ["releases", "prod"], ["monitor", "status"], ["doctor"],
    ["provision", "plan"], ["provision", "apply"], ["provision", "drift"], ["provision", "destroy"], ["provision", "protect", "a"],
    ["provision", "copy", "a", "b"], ["provision", "adopt", "a", "--id", "1"],
    ["ssh", "a"], ["ssh-config"], ["env", "list"], ["cloud"], ["cloud", "list"], ["cloud", "remove", "a"],
  ]) await asked(...words); // biome-ignore format: a table
});

test("what is not understood is a usage error, help is not", async () => {
  expect(usageExit(await refused("deplyo"))).toBe(2);
  expect(usageExit(await refused("deploy"))).toBe(2);
  expect(usageExit(await refused("demo", "--nonsense"))).toBe(2);
  expect(usageExit(await refused("console", "--port", "70000"))).toBe(2);
  for (const bad of ["0", "-1", "x", "0%", "101%", "1.5"])
    expect(usageExit(await refused("config", "apply", "--at-once", bad)), bad).toBe(2);
  expect(usageExit(await refused("config", "--canary", "10%"))).toBe(2);
  expect(usageExit(await refused("config", "exec"))).toBe(2);
  expect(usageExit(await refused("config", "bake", "web"))).toBe(2);
  expect(usageExit(await refused("config", "polish"))).toBe(2);
  expect(usageExit(await refused("config", "--keep-removed", "--forget-removed"))).toBe(2);
  expect(usageExit(await refused("--help"))).toBe(0);
});
