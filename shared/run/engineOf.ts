/** @file From a configuration to what engines are made from. */
import type { EngineRoute } from '../agent/engineOptions.js';
import type { NetworkSpec, OptimizerSpec, Precision } from '../agent/types.js';
import type { Benchmark } from '../benchmarks/types.js';
import type { Config } from '../config/schema.js';
import { processorHasBf16 } from '../engine/capabilities.js';

/** The network that `config` describes for `benchmark`. */
export function networkSpec({ mdp, agent }: Config, benchmark: Benchmark): NetworkSpec {
  const { active, rows } = benchmark.space.features;
  return {
    neighbours: mdp.neighbours,
    activeFeatures: active,
    featureRows: rows,
    width: agent.width,
    layers: agent.layers,
    heads: agent.heads,
    feedForwardWidth: agent.width * agent.feedForwardFactor,
    positionalEncoding: agent.positionalEncoding,
    dueling: agent.dueling,
  };
}

export function optimizerSpec({ learner }: Config): OptimizerSpec {
  return { kind: learner.optimizer, learningRate: learner.learningRate, gradientClipNorm: learner.gradientClipNorm };
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
