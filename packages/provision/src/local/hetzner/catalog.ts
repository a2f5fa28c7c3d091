/** Hetzner's locations, and the region of the local cloud that stands for each. */
const places = [
  [1, "fsn1", "Falkenstein DC Park 1", "DE", "Falkenstein", 50.47612, 12.370071, "eu-central", "fra1", 4, "dc14"],
  [2, "nbg1", "Nuremberg DC Park 1", "DE", "Nuremberg", 49.452102, 11.076665, "eu-central", "lon1", 2, "dc3"],
  [3, "hel1", "Helsinki DC Park 1", "FI", "Helsinki", 60.169855, 24.938379, "eu-central", "ams3", 3, "dc2"],
  [4, "ash", "Ashburn, VA", "US", "Ashburn, VA", 39.045821, -77.487073, "us-east", "nyc3", 5, "dc1"],
  [5, "hil", "Hillsboro, OR", "US", "Hillsboro, OR", 45.54222, -122.951924, "us-west", "sfo3", 6, "dc1"],
  [6, "sin", "Singapore", "SG", "Singapore", 1.283333, 103.833333, "ap-southeast", "sgp1", 7, "dc1"],
] as const;

export const locations = places.map(([id, name, description, country, city, latitude, longitude, network_zone]) => ({
  id,
  name,
  description,
  country,
  city,
  latitude,
  longitude,
  network_zone,
}));
export type LocationBody = (typeof locations)[number];

const regions = new Map<string, string>(places.map((place) => [place[1], place[8]]));
const [first] = locations;

export const regionOf = (location: LocationBody): string => regions.get(location.name) ?? "fra1";

/** The location that a region stands for; regions of droplets made through the other API may stand for none. */
export const locationIn = (region: string): LocationBody | undefined =>
  locations.find((location) => regions.get(location.name) === region) ?? first;

const price = (amount: number, digits: number): { net: string; gross: string } => ({
  net: amount.toFixed(digits),
  gross: (amount * 1.19).toFixed(digits),
});

/** Hetzner's types, the size of the local cloud that stands for each, and about what it costs in euros a month without tax. */
const kinds = [
  [22, "cpx11", 2, 2, 40, "s-2vcpu-2gb", 4.99],
  [114, "cx23", 2, 4, 40, "s-2vcpu-4gb", 3.99],
  [115, "cx33", 4, 8, 80, "s-4vcpu-8gb", 6.49],
  [116, "cx43", 8, 16, 160, "s-8vcpu-16gb", 11.99],
] as const;

const pricesOf = (monthly: number): readonly object[] =>
  locations.map(({ name }) => ({
    location: name,
    price_hourly: price(monthly / 624, 4),
    price_monthly: price(monthly, 4),
    included_traffic: 21_990_232_555_520,
    price_per_tb_traffic: price(1, 4),
  }));

export const serverTypes = kinds.map(([id, name, cores, memory, disk, , monthly]) => ({
  id,
  name,
  description: name.toUpperCase(),
  category: "cost_optimized",
  cores,
  memory,
  disk,
  deprecated: false,
  deprecation: null,
  prices: pricesOf(monthly),
  storage_type: "local",
  cpu_type: "shared",
  architecture: "x86",
  locations: locations.map((location) => ({
    id: location.id,
    name: location.name,
    available: true,
    recommended: true,
    deprecation: null,
  })),
}));
export type ServerTypeBody = (typeof serverTypes)[number];

const sizes = new Map<string, string>(kinds.map((kind) => [kind[1], kind[5]]));
export const sizeOf = (type: ServerTypeBody): string => sizes.get(type.name) ?? "s-2vcpu-2gb";

/** The type that a size stands for; sizes of droplets made through the other API may stand for none. */
export const typeOf = (size: string): ServerTypeBody | undefined =>
  serverTypes.find((type) => sizes.get(type.name) === size) ?? serverTypes[0];

const disks: Readonly<Record<number, number>> = { 60: 40, 80: 40, 160: 80, 320: 160 };
/** Disk of a server, which stays as it was when a change of type does not enlarge it. */
export const diskOf = (gigabytes: number): number => disks[gigabytes] ?? gigabytes;

/** Datacenters went from Hetzner's API in 2026; older clients still ask for them. */
export const datacenters = places.map((place, index) => ({
  id: place[9],
  name: `${place[1]}-${place[10]}`,
  description: `${place[4]} ${place[10].toUpperCase()}`,
  location: locations[index],
  server_types: {
    supported: kinds.map((kind) => kind[0]),
    available: kinds.map((kind) => kind[0]),
    available_for_migration: kinds.map((kind) => kind[0]),
  },
}));

/** By number or name. */
export const find = <T extends { readonly id: number; readonly name: string }>(
  all: readonly T[],
  given: unknown,
): T | undefined => all.find((one) => one.name === given || String(one.id) === String(given));

export const backupPercentage = 20;
export const volumeMonthlyPerGb = 0.044;

const everywhere = (amount: number): readonly object[] =>
  locations.map(({ name }) => ({
    location: name,
    price_hourly: price(amount / 624, 4),
    price_monthly: price(amount, 4),
  }));

export const pricing = {
  currency: "EUR",
  vat_rate: "19.00",
  image: { price_per_gb_month: price(0.011, 4) },
  floating_ip: { price_monthly: price(3, 4) },
  floating_ips: [{ type: "ipv4", prices: everywhere(3) }],
  primary_ips: [{ type: "ipv4", prices: everywhere(0.5) }],
  traffic: { price_per_tb: price(1, 4) },
  server_backup: { percentage: backupPercentage.toFixed(2) },
  server_types: kinds.map(([id, name, , , , , monthly]) => ({ id, name, prices: pricesOf(monthly) })),
  load_balancer_types: [],
  volume: { price_per_gb_month: price(volumeMonthlyPerGb, 4) },
};
