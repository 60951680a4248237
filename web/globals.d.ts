// What the type checker cannot find by itself.

// written into service-worker.js by build.mjs
declare const VERSION: string;
declare const FILES: string[];

// copied to litert/ by build.mjs
declare module "*/litert.js" {
  export * from "@litertjs/core";
}
