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

function networkOps(form: OpsForm): NetworkOps {
  if (form === 'composed') return composedOps;
  if (loadCustomOps()) return fusedOps;
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
