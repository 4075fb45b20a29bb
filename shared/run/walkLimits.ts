/** @file What the state of a run's environments must fit, by its configuration. */
import type { Benchmark } from '../benchmarks/types.js';
import type { Config } from '../config/schema.js';
import type { WalkLimits } from '../wire/walkState.js';

export function walkLimits({ actor, mdp }: Config, benchmark: Benchmark): WalkLimits {
  return {
    environments: actor.environments, codeWords: benchmark.space.codeWords, nSteps: mdp.nSteps, neighbours: mdp.neighbours, horizonSteps: mdp.horizonSteps,
    holds: (codes, offset) => benchmark.holds(codes, offset),
  };
}
