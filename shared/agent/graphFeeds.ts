/** @file Token batches as the graph is fed them. */
import type { Feed } from '../engine/graphSession.js';
import { InvariantError } from '../errors.js';
import type { TokenBatch } from '../mdp/types.js';
import type { NetworkSpec } from './types.js';

/**
 * Feeds of `tokenInput`: ids, then counts. The batch's lengths are checked by the caller.
 * @throws InvariantError if an id is above F
 */
export function tokenFeeds({ batch, ids, counts }: TokenBatch, { neighbours, activeFeatures, featureRows }: NetworkSpec): readonly [Feed, Feed] {
  let largest = 0;
  for (let i = 0; i < ids.length; i++) largest = Math.max(largest, ids[i] as number);
  if (largest > featureRows) throw new InvariantError(`feature ids must be in 0..${featureRows}, got ${largest}`);
  return [
    { values: ids, shape: [batch, 1 + neighbours, activeFeatures] },
    { values: counts, shape: [batch] },
  ];
}
