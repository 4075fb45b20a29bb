/**
 * @file Defaults by preset and benchmark: what differs from the schema's own (preset `small` on NAS-Bench-301).
 * Widths, neighbours and alpha of preset `paper` are the paper's (arXiv:2410.01431); its learner is Ape-X's (arXiv:1803.00933).
 */

export type PresetName = 'small' | 'paper';

/** A nested part of the configuration, before the schema has checked it. */
export type PartialConfig = { readonly [key: string]: unknown };

/** One-step returns and much exploration: on a table this small a greedier ladder leaves the run at the first good cell (docs/decisions.md, NAS-Bench-201). */
const nasbench201: PartialConfig = {
  mdp: { neighbours: 24, horizonSteps: 50, nSteps: 1, gamma: 0.8, shapingAlpha: 32 },
  learner: { steps: 1_562, batchSize: 128, samplesPerInsert: 4, warmUpTransitions: 5_000 },
  actor: { environments: 256, sendTransitions: 256, epsilonBase: 0.9, epsilonExponent: 4 },
  redis: { streamTransitions: 1_536 },
};

/** Found on the sub-space of at most 5 vertices, whose best cell stands alone among mediocre ones (docs/decisions.md, NAS-Bench-101). */
const nasbench101: PartialConfig = {
  mdp: { neighbours: 25, horizonSteps: 20, nSteps: 1, gamma: 0.8, shapingAlpha: 32 },
  learner: { steps: 2_000, batchSize: 64, warmUpTransitions: 5_000, targetUpdatePeriod: 50 },
  actor: { environments: 256, sendTransitions: 256, epsilonBase: 0.9, epsilonExponent: 4 },
  redis: { streamTransitions: 1_536 },
};

const small: Readonly<Record<string, PartialConfig>> = {
  nasbench301: { learner: { minutes: 12 } },
  nasbench201,
  nasbench101,
};

const apex = {
  replay: { capacity: 2_000_000 },
  learner: {
    steps: 20_000,
    batchSize: 512,
    optimizer: 'rmsprop-centred',
    learningRate: 6.25e-5,
    learningRateFinalShare: 1,
    gradientClipNorm: 40,
    samplesPerInsert: 1,
    warmUpTransitions: 50_000,
    targetUpdatePeriod: 2_500,
  },
  actor: { sendTransitions: 256 },
  redis: { streamTransitions: 16_384 },
} as const;

const paper: Readonly<Record<string, PartialConfig>> = {
  nasbench301: { ...apex, mdp: { neighbours: 100, gamma: 0.99, horizonSteps: 100 }, agent: { width: 512, layers: 4, heads: 8 } },
  nasbench201: { ...apex, mdp: { neighbours: 24, gamma: 0.99, horizonSteps: 20, shapingAlpha: 16 }, agent: { width: 256, layers: 4, heads: 8 } },
  nasbench101: { ...apex, mdp: { neighbours: 25, gamma: 0.99, horizonSteps: 20, shapingAlpha: 6 }, agent: { width: 256, layers: 4, heads: 8 } },
};

/** What `preset` sets for `benchmark`; a benchmark of the user's own takes NAS-Bench-201's row, with the schema's number of neighbours. */
export function presetOf(preset: PresetName, benchmark: string): PartialConfig {
  const table = preset === 'small' ? small : paper;
  return table[benchmark] ?? { ...nasbench201, mdp: { horizonSteps: 50, nSteps: 1, gamma: 0.8, shapingAlpha: 16 } };
}
