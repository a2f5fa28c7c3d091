import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { SeriesView, Snapshot } from "../server/api.ts";

const key = ["snapshot"];

async function getJson<T>(path: string): Promise<T> {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (answer.status === 401)
    throw new Error("This session has ended. Open the address that `ops console` printed again.");
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as T;
}

/** The platform as it is, kept current by one event stream. */
export function useSnapshot(): { snapshot: Snapshot | undefined; live: boolean; error: Error | null } {
  const client = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    const source = new EventSource("/api/events");
    source.addEventListener("open", () => setLive(true));
    source.addEventListener("error", () => setLive(false));
    source.addEventListener("snapshot", (message) => client.setQueryData(key, JSON.parse(message.data) as Snapshot));
    return () => source.close();
  }, [client]);
  const query = useQuery({
    queryKey: key,
    queryFn: () => getJson<Snapshot>("/api/snapshot"),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { snapshot: query.data, live, error: query.error };
}

/** A series of the last `minutes`, read again every five seconds. */
export function useSeries(host: string, service: string, minutes: number): SeriesView | undefined {
  const query = useQuery({
    queryKey: ["series", host, service, minutes],
    queryFn: () =>
      getJson<SeriesView>(`/api/series?${new URLSearchParams({ host, service, minutes: String(minutes) })}`),
    refetchInterval: 5_000,
    retry: false,
  });
  return query.data;
}

/** A step's log as text; read again while the step runs. */
export function useLog(
  repository: string,
  run: string,
  step: string,
  running: boolean,
): { text: string; error: Error | null } {
  const query = useQuery({
    queryKey: ["log", repository, run, step],
    queryFn: async () => {
      const answer = await fetch(`/api/log?${new URLSearchParams({ repository, run, step })}`);
      if (!answer.ok) throw new Error(`the log could not be read (${answer.status})`);
      return answer.text();
    },
    refetchInterval: running ? 1_000 : false,
    retry: false,
  });
  return { text: query.data ?? "", error: query.error };
}
