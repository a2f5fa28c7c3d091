import { apply } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { loginUser } from "@slipway/machines";
import { type Connection, debian, everyOs, type Host, host, property } from "@slipway/model";
import { codeOf, countOr, Tally, watchedHost } from "./support.ts";

// Two operators, many applies at once: a counter is read, thought about and written, and whoever is not alone in there says so.
const count = countOr(50);
const tally = new Tally();
const critical = `mkdir /run/inside 2>/dev/null || echo overlap >>/srv/overlaps
n=$(cat /srv/count 2>/dev/null || echo 0)
sleep 0.05
echo "$((n+1))" >/srv/count
rmdir /run/inside
touch "$1"`;

const claiming = (index: number): Host =>
  host("shared", {
    os: debian("12"),
    on: { provider: "trial", spec: {} },
    has: [
      property(`operator ${index} was here`, {
        on: everyOs,
        about: `visit ${index}`,
        observe: {
          read: ["ls", `/srv/visit-${index}`],
          reads: [`file:/srv/visit-${index}`],
          parse: (_, status) => status === 0,
        },
        plan: (there) => (there ? [] : [["sh", "-c", critical, "sh", `/srv/visit-${index}`]]),
        writes: [`file:/srv/visit-${index}`],
      }),
    ],
  });

await using shared = await watchedHost("shared");
/** Of each operator, as many connections as their sessions need. */
const connections: Connection[] = [];
try {
  for (const operator of ["ada", "bob"]) {
    await loginUser(shared.root, operator);
    for (let index = 0; index < Math.ceil(count / 2 / 8); index += 1) {
      const address = { ...shared.address, user: operator };
      connections.push(await ssh(address, { privateKey: shared.machine.privateKey }, { sudo: true }));
    }
  }
  const everybody = async (from: number, lockWaitSeconds: number, folder = ""): Promise<void> => {
    const runs = Array.from({ length: count }, async (_, index) => {
      const connection = connections[index % connections.length];
      if (connection === undefined) throw new Error("no connection");
      const began = performance.now();
      try {
        const report = await apply(claiming(from + index), connection, {
          lockWaitSeconds,
          holder: `run ${index}`,
          ...(folder === "" ? {} : { stateFolder: `${folder}/${index}` }),
        });
        tally.add(report.changed === 1 ? `waiting ${lockWaitSeconds} s: made` : "neither made nor refused");
        tally.time(`waiting ${lockWaitSeconds} s: made after`, performance.now() - began);
      } catch (error) {
        const code = codeOf(error);
        const named = code !== "config.locked" || /configured by run \d+/.test(String(error));
        tally.add(`waiting ${lockWaitSeconds} s: ${code}`);
        if (code !== "config.locked") tally.add("neither made nor refused");
        if (!named) {
          tally.add("refused without the holder's name");
          process.stderr.write(`${String(error)}\n`);
        }
      }
    });
    await Promise.all(runs);
  };
  await everybody(0, 600);
  await everybody(count, 0);
  const made = tally.count("waiting 600 s: made") + tally.count("waiting 0 s: made");
  const said = await shared.run("cat /srv/count; ls /srv | grep -c ^visit-; cat /srv/overlaps 2>/dev/null | wc -l");
  process.stdout.write(`made, counted, visits, overlaps: ${made} ${said.replaceAll("\n", " ")}\n`);
  if (said !== `${made}\n${made}\n0`) tally.add("two holders at a time");
  if (tally.count("waiting 600 s: made") !== count) tally.add("waited in vain");
  // The control: with a lock for each there are many holders, and it is seen.
  await everybody(2 * count, 1, "/srv/locks");
  if ((await shared.run("cat /srv/overlaps | wc -l")) === "0") tally.add("the control was not caught");
  tally.print([
    "two holders at a time",
    "waited in vain",
    "neither made nor refused",
    "refused without the holder's name",
    "the control was not caught",
  ]);
} finally {
  await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
}
