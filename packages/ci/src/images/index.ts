export { appUser, runtimeDescription, runtimeImage, skeleton, toolchainImage } from "./base.ts";
export { type ImageConfig, type ImageDescription, inputHash } from "./description.ts";
export { imageErrors } from "./errors.ts";
export { librariesOf } from "./libraries.ts";
export { type BuiltImage, ensureImage, type ImageEngine, type LoadOptions, load } from "./load.ts";
export { pnpmVersion } from "./machine.ts";
export { complete, type TarContent, type TarEntry, tar, tarHeader, tarSize } from "./tar.ts";
