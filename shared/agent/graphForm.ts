/**
 * @file How a graph engine is set up on this machine: fused or composed operations, which devices, and the network's form from both.
 */
import { composedOps } from '../engine/composedOps.js';
import { fusedOps } from '../engine/fusedOps.js';
import { loadCustomOps } from '../engine/graphAddon.js';
import type { Graph } from '../engine/graph.js';
import { Session } from '../engine/graphSession.js';
import type { NetworkOps } from '../engine/networkOps.js';
import { EngineError } from '../errors.js';
import type { InferenceOptions } from './engineOptions.js';
import type { NetworkForm } from './graphNetwork.js';

/** `fused`: custom operations, which set-up compiled. `composed`: TensorFlow's own. `auto`: fused where they are there. */
export type OpsForm = 'auto' | 'fused' | 'composed';

/** What both graph engines take beyond the options of every route. */
export interface GraphOptions extends InferenceOptions {
  /** `auto` if absent. */
  readonly opsForm?: OpsForm;
}

/**
 * The operations in the form asked for. `auto` says once, as a process warning, that it composes them because the custom ones do not load.
 * @param load loads the custom operations, false where there are none
 * @throws EngineError if `fused` cannot be had
 */
export function networkOps(form: OpsForm, load: () => boolean = loadCustomOps): NetworkOps {
  if (form === 'composed') return composedOps;
  try {
    if (load()) return fusedOps;
  } catch (error) {
    if (form === 'fused') throw error;
    process.emitWarning(`the custom operations do not load, the slower composed ones are used: ${error instanceof Error ? error.message : String(error)}`);
    return composedOps;
  }
  if (form === 'fused') throw new EngineError('the custom operations must have been built by `make setup`, .deps/engine holds none');
  return composedOps;
}

/** @throws EngineError if fused operations are asked for and were not built */
export function networkForm({ spec, precision, opsForm = 'auto' }: GraphOptions): NetworkForm {
  return { spec, precision, ops: networkOps(opsForm) };
}

/** @throws EngineError if a GPU is asked for and none is visible */
export function openSession(graph: Graph, { threads, device }: InferenceOptions): Session {
  const session = new Session(graph, { threads, gpu: device !== 'cpu' });
  if (device !== 'gpu' || session.devices().includes('GPU')) return session;
  session.close();
  throw new EngineError('engine.device=gpu must find a GPU, TensorFlow sees none: set engine.device=auto, or run `archwalk doctor`');
}
