/** @file The network that a configuration means on a search space. */
import type { NetworkSpec, PositionalEncoding } from './types.js';

/** The configuration's group `agent`. */
export interface AgentSettings {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Feed-forward width over `width`. */
  readonly feedForwardFactor: number;
  readonly positionalEncoding: PositionalEncoding;
  readonly dueling: boolean;
}

/** @param neighbours N; features the space's K and F */
export function networkSpecOf(agent: AgentSettings, neighbours: number, features: { readonly active: number; readonly rows: number }): NetworkSpec {
  return {
    neighbours, activeFeatures: features.active, featureRows: features.rows,
    width: agent.width, layers: agent.layers, heads: agent.heads, feedForwardWidth: agent.width * agent.feedForwardFactor,
    positionalEncoding: agent.positionalEncoding, dueling: agent.dueling,
  };
}
