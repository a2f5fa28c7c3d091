interface Refused {
  readonly status: number;
  /** As in the errors of either API. */
  readonly id: string;
  readonly message: string;
}

const codes: Readonly<Record<string, { readonly code: string; readonly message?: string }>> = {
  Unauthorized: { code: "unauthorized", message: "unable to authenticate" },
  not_found: { code: "not_found" },
  bad_request: { code: "json_error" },
  unprocessable_entity: { code: "invalid_input" },
  too_many_requests: { code: "rate_limit_exceeded", message: "limit of 3600 requests per hour reached" },
  server_error: { code: "server_error" },
};

/** The body of an error in Hetzner's form. */
export function hetznerErrorBody({ id, message }: Refused): object {
  const known = codes[id];
  const code = known?.code ?? id;
  const field = /^invalid input in field '([^']+)': (.*)$/s.exec(message);
  const fields = field === null ? [] : [{ name: field[1], messages: [field[2]] }];
  const details = code === "invalid_input" || code === "uniqueness_error" ? { fields } : null;
  return { error: { code, message: known?.message ?? message, details } };
}
