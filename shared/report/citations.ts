/** @file What to cite beside archwalk, by benchmark. */

const ALWAYS = [
  'The method: reinforcement learning on architecture walks, arXiv:2410.01431.',
  'Distributed prioritized experience replay (Ape-X): Horgan et al., ICLR 2018, arXiv:1803.00933.',
];

const BENCHMARKS: Readonly<Record<string, readonly string[]>> = {
  nasbench101: ['NAS-Bench-101: Ying et al., ICML 2019, arXiv:1902.09635.', 'Where the cells are those of at most 5 vertices, EC-NAS-Bench: Bakhtiarifard et al., 2022, arXiv:2210.06015.'],
  nasbench201: ['NAS-Bench-201: Dong and Yang, ICLR 2020, arXiv:2001.00326.'],
  nasbench301: ['NAS-Bench-301: Zela et al., ICLR 2022, arXiv:2008.09777.', 'YAHPO Gym, whose surrogate answers or was distilled: Pfisterer et al., AutoML 2022, arXiv:2109.03670.'],
};

const METHODS = [
  'Regularized evolution: Real et al., AAAI 2019, arXiv:1802.01548. Local search: White et al., UAI 2021, arXiv:2005.02960. The predictor follows BANANAS: White et al., AAAI 2021, arXiv:1910.11858.',
  'Interquartile mean and probability of improvement: Agarwal et al., NeurIPS 2021, arXiv:2108.13264.',
];

export function citationsFor(benchmark: string): readonly string[] {
  return [...ALWAYS, ...(BENCHMARKS[benchmark] ?? []), ...METHODS];
}
