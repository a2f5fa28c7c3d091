import { fail } from "./errors.ts";

/** Throws `config.bad-argument` for user data that cloud-init would not take for its own. */
export function refuseOtherUserData(text: string | undefined): void {
  if (text !== undefined && !/^(#cloud-config\s|#!)/.test(text))
    throw fail("config.bad-argument", 'user data begins with "#cloud-config" or "#!"');
}
