import { expect, it } from 'vitest';
import { EpisodeStatistics } from '../../../shared/mdp/episodeStatistics.js';

// Environment 0: 1 + 2 = 3, then 5; environment 1 is still under way with 100.
it('averages the returns and final accuracies of ended episodes only', () => {
  const statistics = new EpisodeStatistics(2);
  expect([statistics.meanReturn, statistics.meanFinalAccuracy]).toEqual([null, null]);
  statistics.reward(0, 1);
  statistics.reward(1, 100);
  statistics.reward(0, 2);
  statistics.ended(0, 0.9);
  statistics.reward(0, 5);
  statistics.ended(0, 0.7);
  expect(statistics.meanReturn).toBe(4);
  expect(statistics.meanFinalAccuracy).toBeCloseTo(0.8, 14);
});

// Of 200 episodes with returns 0..199 the newest 128 are 72..199: mean 135.5.
it('forgets all but the newest 128', () => {
  const statistics = new EpisodeStatistics(1);
  for (let i = 0; i < 200; i++) {
    statistics.reward(0, i);
    statistics.ended(0, i / 200);
  }
  expect(statistics.meanReturn).toBe(135.5);
  expect(statistics.meanFinalAccuracy).toBeCloseTo(135.5 / 200, 14);
});
