import {
  type AnyProperty,
  alpine,
  debian,
  type Host,
  type HostInfo,
  hostInfo,
  type Info,
  type Revertable,
  revert,
  Secret,
  SecretText,
  type Surroundings,
  ubuntu,
} from "@slipway/model";
import * as config from "../../src/index.ts";

/** One case: a property with its arguments, what was seen, and the plan that must come of it. */
export interface Fixture {
  readonly property: string;
  /** Missing: the property is a value. `{"secret": name}` stands for a Secret, `{"text": […]}` for text with secrets, `{"regexp": …}`; wherever they are. */
  readonly args?: readonly unknown[];
  readonly os?: "debian" | "ubuntu" | "alpine";
  /** Of Debian. Default 12. */
  readonly release?: "12" | "13";
  /** The platform's other hosts. */
  readonly hosts?: readonly HostInfo[];
  /** What other properties of this host tell. */
  readonly info?: readonly Info[];
  readonly revert?: boolean;
  /** Output by label of its reading; what is missing was silent and failed. */
  readonly seen: Readonly<Record<string, string>>;
  readonly pending?: boolean;
  readonly digests?: Readonly<Record<string, string>>;
  readonly plan?: unknown;
  readonly throws?: string;
}

/** The property that a fixture names, made with its arguments. */
export function made(fixture: Pick<Fixture, "property" | "args" | "revert">): AnyProperty {
  const [subject = "", fact = ""] = fixture.property.split(".");
  const family = (config as unknown as Record<string, Record<string, unknown>>)[subject];
  const found = family?.[fact];
  const args = (fixture.args ?? []).map(withSecrets);
  const property = typeof found === "function" ? (found(...args) as AnyProperty) : (found as AnyProperty);
  return fixture.revert === true ? revert(property as Revertable<never, string>) : property;
}

function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return new Secret(String(value.secret));
  if ("text" in value && Array.isArray(value.text))
    return new SecretText(value.text.map(withSecrets) as (string | Secret)[]);
  if ("regexp" in value) return new RegExp(String(value.regexp));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withSecrets(one)]));
}

/** The host among those that the fixture knows. */
export function around(host: Host, fixture: Pick<Fixture, "info" | "hosts">): Surroundings {
  const known = hostInfo(host);
  const self = { ...known, address: "192.0.2.10", info: [...known.info, ...(fixture.info ?? [])] };
  return { self, hosts: [self, ...(fixture.hosts ?? [])] };
}

export function hostWith(
  property: AnyProperty,
  { os = "debian", release = "12" }: Pick<Fixture, "os" | "release">,
): Host {
  const distro = { debian: debian(release), ubuntu: ubuntu("24.04"), alpine: alpine("3.22") }[os];
  const on = { provider: "test", spec: {} };
  return { name: "h", os, distro, on, has: [property], can: () => true };
}
