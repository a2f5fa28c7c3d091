/** A droplet as a library shows it. */
export interface Shown {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  /** A pending action holds it. */
  readonly locked: boolean;
  /** Public IPv4 address, or empty. */
  readonly address: string;
  readonly tags: readonly string[];
}

export interface NewDroplet {
  readonly name: string;
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly key: number;
  readonly tags: readonly string[];
  readonly userData: string;
}

export interface Named<Id = string> {
  readonly id: Id;
  readonly name: string;
}

export interface ShownRecord {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly data: string;
}

export type Act =
  | { readonly type: "reboot" | "shutdown" | "power_on" }
  | { readonly type: "rename" | "snapshot"; readonly name: string };

/**
 * What a library of others offers, as thin as can be: nothing is waited for or tried again that the library does not wait for or try again.
 * A part is missing where the library has none. Lists are whole, read in small pages where the library has pages.
 */
export interface Traveller extends AsyncDisposable {
  readonly keys: {
    add(name: string, publicKey: string): Promise<number>;
    list(): Promise<readonly Named<number>[]>;
    remove(id: number): Promise<void>;
  };
  readonly droplets: {
    create(droplet: NewDroplet): Promise<number>;
    one(id: number): Promise<Shown>;
    list(): Promise<readonly Shown[]>;
    act(id: number, act: Act): Promise<void>;
    remove(id: number): Promise<void>;
  };
  readonly snapshots: {
    list(): Promise<readonly Named[]>;
    remove(id: string): Promise<void>;
  };
  readonly tags?: {
    put(tag: string, droplet: number): Promise<void>;
    take(tag: string, droplet: number): Promise<void>;
    remove(tag: string): Promise<void>;
  };
  readonly volumes?: {
    create(volume: { readonly name: string; readonly region: string; readonly gigabytes: number }): Promise<string>;
    list(): Promise<readonly (Named & { readonly droplets: readonly number[] })[]>;
    attach(id: string, droplet: number): Promise<void>;
    detach(id: string, droplet: number): Promise<void>;
    remove(id: string): Promise<void>;
  };
  readonly firewalls?: {
    /** Lets TCP port 22 in from anywhere, and everything out. */
    create(name: string, droplet: number): Promise<string>;
    /** The names, with the ports that are let in. */
    list(): Promise<readonly (Named & { readonly ports: readonly string[] })[]>;
    /** Adds a TCP port to what is let in. */
    open(id: string, port: number): Promise<void>;
    remove(id: string): Promise<void>;
  };
  readonly addresses?: {
    create(region: string): Promise<string>;
    assign(ip: string, droplet: number): Promise<void>;
    unassign(ip: string, droplet: number): Promise<void>;
    /** Each with the droplet that has it. */
    list(): Promise<readonly { readonly ip: string; readonly droplet: number | undefined }[]>;
    remove(ip: string): Promise<void>;
  };
  readonly domains?: {
    create(name: string, address: string): Promise<void>;
    list(): Promise<readonly string[]>;
    records(domain: string): Promise<readonly ShownRecord[]>;
    add(domain: string, record: Omit<ShownRecord, "id">): Promise<number>;
    change(domain: string, id: number, record: Omit<ShownRecord, "id">): Promise<void>;
    drop(domain: string, id: number): Promise<void>;
    remove(name: string): Promise<void>;
  };
  readonly projects?: {
    create(name: string): Promise<string>;
    list(): Promise<readonly Named[]>;
    put(id: string, urn: string): Promise<void>;
    holds(id: string): Promise<readonly string[]>;
    /** Missing where the library cannot delete one. */
    readonly remove?: (id: string) => Promise<void>;
  };
}
