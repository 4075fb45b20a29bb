/** @file From a configuration to what engines are made from. */
import type { EngineRoute } from '../agent/engineOptions.js';
import { networkSpecOf } from '../agent/networkSpec.js';
import type { NetworkSpec, OptimizerSpec, Precision } from '../agent/types.js';
import type { Benchmark } from '../benchmarks/types.js';
import type { Config } from '../config/schema.js';
import { processorHasBf16 } from '../engine/capabilities.js';

/** The network that `config` describes for `benchmark`. */
export function networkSpec(config: Config, benchmark: Benchmark): NetworkSpec {
  return networkSpecOf(config.agent, config.mdp.neighbours, benchmark.space.features);
}

export function optimizerSpec({ learner }: Config): OptimizerSpec {
  return {
    kind: learner.optimizer,
    learningRate: learner.learningRate,
    decay: { steps: learner.steps, finalShare: learner.learningRateFinalShare },
    gradientClipNorm: learner.gradientClipNorm,
  };
}

export interface EngineChoice {
  readonly route: EngineRoute;
  readonly device: 'auto' | 'cpu' | 'gpu';
  readonly precision: Precision;
}

/** `auto` precision is bf16 where the processor multiplies it in hardware. */
export function engineChoice({ engine }: Config): EngineChoice {
  const precision = engine.precision === 'auto' ? (processorHasBf16() ? 'bf16' : 'f32') : engine.precision;
  return { route: engine.route, device: engine.device, precision };
}
