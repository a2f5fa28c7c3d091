// The part of @slipway/model that an application's description may use at run time; everything else there is a type.
export { imageName } from "@slipway/model/app";
export { formatMs, ms } from "@slipway/model/duration";
