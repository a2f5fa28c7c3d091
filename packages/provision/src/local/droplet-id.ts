/** The id of a droplet in a request: a number, or as Ansible and older clients send it, its digits. */
export const dropletId = (given: unknown): unknown =>
  typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : given;
