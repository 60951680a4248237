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

// written by build.mjs from src/tenfold/recipes/browser.toml
declare module "*/recipe.js" {
  const recipe: {
    seed: number;
    network_options: { stem: number; width: number; dropout: number };
    epochs: number;
    batch_size: number;
    optimizer: string;
    peak_lr: number;
    momentum: number;
    beta2: number;
    warmup: number;
    label_smoothing: number;
    augment: { rotation: number; scale: number; shift: number };
  };
  export default recipe;
}

declare module "*/sizes.js" {
  const sizes: Record<string, number>;
  export default sizes;
}
