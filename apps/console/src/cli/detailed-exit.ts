import { type ExitCode, exitCodes } from "@slipway/model";

/** 4 for a success that found nothing to do, where somebody wants to be told so; else `exit`. Pure. */
export const detailedExit = (
  { detailedExitCode }: { readonly detailedExitCode: boolean },
  exit: ExitCode,
  idle: boolean,
): ExitCode => (detailedExitCode && exit === exitCodes.done && idle ? exitCodes.nothingToDo : exit);
