import { removeCloud } from "../../src/local/clouds.ts";
import { engineAt } from "../../src/local/engine.ts";

/** Removes what the engine holds of a local cloud, whatever state it is in. */
export const putAway = async (cloud: string): Promise<void> => {
  await removeCloud(engineAt(), cloud);
};
