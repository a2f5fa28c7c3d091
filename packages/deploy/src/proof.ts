/** Why a release may run: the exact bytes of its signed statement, and the armored signature. Kept on the host beside the record. */
export interface Proof {
  readonly statement: string;
  readonly signature: string;
}
