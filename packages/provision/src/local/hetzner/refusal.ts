import { Refusal } from "../http.ts";

/** Errors of Hetzner's API, with the status that each has. */
const statuses = {
  json_error: 400,
  unauthorized: 401,
  resource_limit_exceeded: 403,
  not_found: 404,
  method_not_allowed: 405,
  uniqueness_error: 409,
  conflict: 409,
  invalid_input: 422,
  service_error: 422,
  unsupported_error: 422,
  server_not_stopped: 422,
  volume_already_attached: 422,
  resource_in_use: 422,
  firewall_already_applied: 422,
  locked: 423,
  protected: 423,
} as const;

/** An answer that is an error of Hetzner's. */
export const refuse = (code: keyof typeof statuses, message: string): Refusal =>
  new Refusal(statuses[code], code, message);

/** A field whose value is not taken. */
export const invalid = (field: string, why: string): Refusal =>
  refuse("invalid_input", `invalid input in field '${field}': ${why}`);

export const unknown = (what: string, id: string): Refusal => refuse("not_found", `${what} with ID '${id}' not found`);

/** The same as a refusal of DigitalOcean's form, which the work beneath gave. */
export function translated(error: Refusal): Refusal {
  if (Object.hasOwn(statuses, error.id)) return error;
  const { message } = error;
  if (/pending event/.test(message)) return refuse("locked", "server is locked (there is already an action running)");
  if (/exceed your .*limit|limit exceeded/.test(message)) return refuse("resource_limit_exceeded", message);
  if (/already (in use|exists?)|must be unique|duplicate name/i.test(message))
    return refuse("uniqueness_error", message);
  if (/must be (powered )?off/i.test(message)) return refuse("server_not_stopped", message);
  switch (error.status) {
    case 404:
      return refuse("not_found", "resource not found");
    case 409:
      return refuse("conflict", message);
    case 422:
      return refuse("invalid_input", message);
    default:
      return error;
  }
}
