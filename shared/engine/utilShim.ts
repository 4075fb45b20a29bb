/**
 * @file tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 22 warns about and Node 23 removed (tensorflow/tfjs#8425, fixed there
 * but never released). This puts a plain one into its place; it must be there before the library first runs.
 */
import { createRequire } from 'node:module';

interface UtilModule {
  isNullOrUndefined?: (value: unknown) => boolean;
}

/** Gives `util` an `isNullOrUndefined` that neither warns nor is missing, whatever the Node. */
export function installUtilShim(util: UtilModule = createRequire(import.meta.url)('node:util') as UtilModule): void {
  util.isNullOrUndefined = (value) => value === null || value === undefined;
}
