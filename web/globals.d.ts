// What the type checker cannot find by itself.

// written into service-worker.js by build.mjs
declare const VERSION: string;
declare const FILES: string[];

// written by build.mjs
declare module "*/constants.js" {
  const constants: typeof import("../src/tenfold/base/constants.json");
  export default constants;
}

// copied to litert/ by build.mjs
declare module "*/litert.js" {
  export * from "@litertjs/core";
}

declare module "*/sizes.js" {
  const sizes: Record<string, number>;
  export default sizes;
}
