import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Who may see the page: whoever opened it with the one-time token that the command line printed. */
export interface Sessions {
  /** Given in the address that the command line prints; used up by the first browser. */
  readonly token: string;
  /** Trades the token for a session id; undefined when the token is wrong or used. */
  redeem(token: string): string | undefined;
  known(session: string | undefined): boolean;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

export function createSessions(): Sessions {
  const token = randomBytes(24).toString("base64url");
  const sessions = new Set<string>();
  let used = false;
  return {
    token,
    redeem(given) {
      if (used || !timingSafeEqual(digest(given), digest(token))) return undefined;
      used = true;
      const session = randomBytes(24).toString("base64url");
      sessions.add(digest(session).toString("hex"));
      return session;
    },
    known: (session) => session !== undefined && sessions.has(digest(session).toString("hex")),
  };
}

/** The value of a cookie in a Cookie header. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
