import { z } from "zod";
import { type Api, path } from "./call.ts";

export const project = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  purpose: z.string().nullish(),
  /** `Development`, `Staging`, `Production`. */
  environment: z.string().nullish(),
  is_default: z.boolean().optional(),
  created_at: z.string().optional(),
});
export type Project = z.infer<typeof project>;

/** `urn` is like `do:droplet:12`, `do:volume:ID`, `do:domain:example.org`, `do:reservedip:ADDRESS`. */
export const projectResource = z.object({
  urn: z.string(),
  assigned_at: z.string().nullish(),
  status: z.string().nullish(),
});
export type ProjectResource = z.infer<typeof projectResource>;

export interface NewProject {
  readonly name: string;
  readonly purpose: string;
  readonly description?: string;
  readonly environment?: "Development" | "Staging" | "Production";
}
/** All but the default one can become the default one. */
export type ProjectWhole = Required<NewProject> & { readonly is_default: boolean };

export const projectCalls = (api: Api) => {
  const list = (): Promise<Project[]> => api.every("/v2/projects", "projects", project);
  return {
    list,
    /** `id` may be `default` here and below. */
    get: (id: string) => api.one("GET", path`/v2/projects/${id}`, "project", project),
    /** After a lost answer it is known by its name. */
    create: (asked: NewProject) =>
      api.once(
        () => api.one("POST", "/v2/projects", "project", project, { body: asked }),
        async () => (await list()).find((one) => one.name === asked.name),
      ),
    change: (id: string, changed: Partial<ProjectWhole>) =>
      api.one("PATCH", path`/v2/projects/${id}`, "project", project, { body: changed }),
    update: (id: string, whole: ProjectWhole) =>
      api.one("PUT", path`/v2/projects/${id}`, "project", project, { body: whole }),
    /** Of projects without resources. */
    remove: (id: string) => api.remove(path`/v2/projects/${id}`),
    resources: (id: string): Promise<ProjectResource[]> =>
      id === "default"
        ? api.short("/v2/projects/default/resources", "resources", projectResource)
        : api.every(path`/v2/projects/${id}/resources`, "resources", projectResource),
    /** A resource is in one project: it leaves the one that it was in. */
    assign: (id: string, urns: readonly string[]): Promise<ProjectResource[]> =>
      api.one("POST", path`/v2/projects/${id}/resources`, "resources", z.array(projectResource), {
        body: { resources: urns },
        repeatable: true,
      }),
  };
};
