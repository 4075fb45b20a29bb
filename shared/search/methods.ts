/** @file Every search method by its name, and how a search's random numbers follow from its seed. */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError } from '../errors.js';
import { Rng } from '../rng.js';
import { agentSearch } from './agentSearch.js';
import { frontierSearch } from './frontierSearch.js';
import { evolution } from './evolution.js';
import { localSearch, localSearchBest } from './localSearch.js';
import { predictor } from './predictor.js';
import { QueryBudget } from './queryBudget.js';
import { randomSearch } from './randomSearch.js';
import { randomWalk } from './randomWalk.js';
import { METHOD_NAMES, isAgentMethod, type MethodName, type QSource, type SearchContext, type SearchMethod } from './types.js';

export const METHODS: Readonly<Record<MethodName, SearchMethod>> = {
  agent: agentSearch,
  'agent-frontier': frontierSearch,
  'random-search': randomSearch,
  'random-walk': randomWalk,
  'local-search': localSearch,
  'local-search-best': localSearchBest,
  evolution,
  predictor,
};

/** Repeats in a row after which a search counts as having run out of new architectures: only spaces near the budget's size get there. */
export const MOST_REPEATS = 20_000;

/**
 * Method names from a comma-separated list; `all` stands for every one.
 * @throws ConfigError if a name is unknown or the list is empty
 */
export function parseMethods(text: string): MethodName[] {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (names.length === 0) throw new ConfigError(`methods must be "all" or some of ${METHOD_NAMES.join(', ')}, got "${text}"`);
  const chosen = new Set<MethodName>();
  for (const name of names) {
    if (name === 'all') METHOD_NAMES.forEach((method) => chosen.add(method));
    else if (isMethodName(name)) chosen.add(name);
    else throw new ConfigError(`a method must be "all" or one of ${METHOD_NAMES.join(', ')}, got "${name}"`);
  }
  return METHOD_NAMES.filter((name) => chosen.has(name));
}

function isMethodName(name: string): name is MethodName {
  return (METHOD_NAMES as readonly string[]).includes(name);
}

/**
 * @throws ConfigError if the method walks with an agent and there is none, or none that knows the scale of its rewards where the method needs it
 */
export function checkAgent(method: MethodName, agent: QSource | undefined): void {
  if (!isAgentMethod(method)) return;
  if (agent === undefined) throw new ConfigError(`method ${method} must have a trained agent (--run), got none`);
  if (method === 'agent-frontier' && agent.rewardScale === null) {
    throw new ConfigError('method agent-frontier needs the scale of the agent\'s rewards, and these weights were saved without it: resume the run for one checkpoint, or use method agent');
  }
}

/**
 * What a search of `method` with `seed` runs on. The start depends on the seed alone, so that searches of different methods with one
 * seed are pairs; all further random numbers depend on seed and method.
 */
export function searchContext(method: MethodName, benchmark: Benchmark, seed: number, budget: number, agent?: QSource): SearchContext {
  const root = new Rng(seed);
  const start = new Uint32Array(benchmark.space.codeWords);
  benchmark.randomCode(root.split('start'), start, 0);
  return { benchmark, budget: new QueryBudget(benchmark, budget), start, rng: root.split('search', method), presentedNeighbours: agent?.neighbours ?? benchmark.space.maxNeighbours, rewardScale: agent?.rewardScale ?? null };
}
