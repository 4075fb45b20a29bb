/**
 * @file What `import … from 'archwalk'` gives: search spaces and benchmarks, search with or without a trained agent, evaluation with statistics and
 * the report. Nothing else is promised to stay as it is. Training is a run of processes and has the command line: `archwalk train`.
 */
export { loadAgent, type TrainedAgent } from './agent.js';
export { lookUp, neighboursOf, openBenchmark, randomArchitecture, type BenchmarkChoice, type LookUp } from './benchmarks.js';
export { search, type SearchRequestOptions, type SearchResult } from './search.js';

export { benchmarkNames, type OpenBenchmarkOptions } from '../benchmarks/registry.js';
export type { ArchitectureJson, Benchmark, BenchmarkDescription, OpeningProgress, SearchSpace, TokenFeatures } from '../benchmarks/types.js';
export { ArchwalkError, CheckpointError, ConfigError, DatasetError, OutOfDomainError, type ErrorCode } from '../errors.js';
export type { RewardScale } from '../mdp/reward.js';
export { runEvaluation, writeEvaluation, type EvaluatedAgent, type Evaluation, type EvaluationOptions, type EvaluationProgress } from '../report/evaluation.js';
export type { CurvePoint } from '../report/curves.js';
export { htmlReport, type ReportedConfig } from '../report/html.js';
export type { AccuracySummary, BestCell, Comparison, MethodAtBudget, Reference, Results, Threshold, ThresholdReached } from '../report/results.js';
export type { MethodScores, SearchScores } from '../report/scores.js';
export type { Interval } from '../report/statistics/bootstrap.js';
export { textTable } from '../report/textTable.js';
export { Rng, type RngState } from '../rng.js';
export type { HistoryEntry } from '../search/history.js';
export type { Evaluation as ObjectiveEvaluation } from '../search/searchObjective.js';
export { isAgentMethod, METHOD_NAMES, type MethodName, type QRequest, type QSource, type SearchReply, type SearchTrace } from '../search/types.js';
