import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type CiRecord, ciServer, repositoryAt } from "@slipway/ci";
import { journalPath } from "@slipway/ci/repository";
import { ssh } from "@slipway/connection";
import { docker } from "@slipway/connection/docker";
import { fileJournal } from "@slipway/journal";
import { systemClock } from "@slipway/model";
import type { Role } from "./main.ts";
import { type CiSettings, stationPaths, stationSecrets } from "./settings.ts";

const bootMs = 60_000;

/** Owns `main` of its host's repositories. Ends when the connection does; it is started again then. */
export const ciStation: Role<CiSettings> = async (settings, signal, say) => {
  const privateKey = await readFile(stationPaths.secret(stationSecrets.ciKey));
  const signingKey = await readFile(stationPaths.secret(stationSecrets.signingKey), "utf8");
  await using connection = await ssh(settings.host, { privateKey }, { signal, waitMs: bootMs });
  const engine = await docker(connection);
  await Promise.all(
    settings.repositories.map(async (name) => {
      const repository = repositoryAt(name);
      const path = journalPath(repository);
      await mkdir(dirname(path), { recursive: true });
      await using journal = await fileJournal<CiRecord>(path, { signal });
      await ciServer({
        connection,
        docker: engine,
        repository,
        signingKey,
        journal,
        clock: systemClock,
        signal,
        policy: { toolchain: settings.toolchain, node: settings.node, requiredSteps: settings.requiredSteps },
        report: (line) => say(`${name}: ${line}`),
      });
    }),
  );
};
