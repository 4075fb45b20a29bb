/**
 * @file Every metric archwalk emits: its Prometheus name, kind, help and, where it is drawn in TensorBoard, its tag (the
 * conventions of Stable-Baselines3 where it has one). This table is the contract; nothing else is emitted.
 */

export type Role = 'actor' | 'learner' | 'evaluator' | 'control';

export interface MetricDefinition {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly role: Role;
  /** Label with its fixed set of values. */
  readonly label?: { readonly name: string; readonly values: readonly string[] };
  readonly buckets?: readonly number[];
  readonly tensorboard?: string;
}

const secondsBuckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const budgets = { name: 'budget', values: ['10', '20', '50', '100', '150', '300'] } as const;

const define = <K extends string>(table: Record<K, MetricDefinition>): Readonly<Record<K, MetricDefinition>> => table;

export const catalogue = define({
  actorTransitions: { role: 'actor', kind: 'counter', name: 'archwalk_actor_transitions_total', help: 'Transitions appended to the stream.' },
  actorEpisodes: { role: 'actor', kind: 'counter', name: 'archwalk_actor_episodes_total', help: 'Episodes ended by the time limit.' },
  actorInference: { role: 'actor', kind: 'histogram', name: 'archwalk_actor_inference_duration_seconds', help: 'One batched inference over all environments.', buckets: secondsBuckets },
  actorBlocked: { role: 'actor', kind: 'counter', name: 'archwalk_actor_blocked_seconds_total', help: 'Time spent waiting because the stream was at its bound.' },
  actorWeightVersion: { role: 'actor', kind: 'gauge', name: 'archwalk_actor_weight_version', help: 'Version of the weights acted with.' },
  actorWeightAge: { role: 'actor', kind: 'gauge', name: 'archwalk_actor_weight_age_seconds', help: 'Time since those weights arrived.' },
  actorReturn: { role: 'actor', kind: 'gauge', name: 'archwalk_actor_episode_return', help: 'Mean undiscounted shaped return of the last episodes.', tensorboard: 'rollout/ep_rew_mean' },
  actorFinalAccuracy: { role: 'actor', kind: 'gauge', name: 'archwalk_actor_final_accuracy_ratio', help: 'Mean validation accuracy at the end of the last episodes.' },

  learnerSteps: { role: 'learner', kind: 'counter', name: 'archwalk_learner_steps_total', help: 'Learner steps.', tensorboard: 'train/n_updates' },
  learnerSamples: { role: 'learner', kind: 'counter', name: 'archwalk_learner_samples_total', help: 'Transitions sampled from the replay.' },
  learnerStepDuration: {
    role: 'learner', kind: 'histogram', name: 'archwalk_learner_step_duration_seconds', help: 'Parts of a learner step.',
    label: { name: 'phase', values: ['wait', 'assemble', 'engine', 'priorities'] }, buckets: secondsBuckets,
  },
  learnerWait: { role: 'learner', kind: 'counter', name: 'archwalk_learner_wait_seconds_total', help: 'Time the learner waited for inserts: it starves for actors.' },
  learnerLoss: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_loss', help: 'Importance-weighted Huber loss.', tensorboard: 'train/loss' },
  learnerTdError: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_td_error_mean', help: 'Mean |TD error| of the batch, in reward units.', tensorboard: 'train/td_error' },
  learnerGradientNorm: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_gradient_norm', help: 'Global gradient norm before clipping.', tensorboard: 'train/gradient_norm' },
  learnerQ: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_q_mean', help: 'Mean Q(s, a) of the batch, in reward units.', tensorboard: 'train/q_values' },
  learnerWeightVersion: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_weight_version', help: 'Newest version published.' },
  learnerCheckpoints: { role: 'learner', kind: 'counter', name: 'archwalk_learner_checkpoints_total', help: 'Checkpoints by outcome.', label: { name: 'outcome', values: ['written', 'failed'] } },
  learnerCheckpointAge: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_checkpoint_age_seconds', help: 'Time since the last durable checkpoint.' },
  replayTransitions: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_replay_transitions', help: 'Transitions held.', tensorboard: 'replay/size' },
  replayInserts: { role: 'learner', kind: 'counter', name: 'archwalk_learner_replay_inserts_total', help: 'Transitions inserted.', tensorboard: 'time/total_timesteps' },
  replayRatio: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_samples_per_insert_ratio', help: 'Samples over inserts after warm-up.', tensorboard: 'replay/samples_per_insert' },
  replayStalePriorities: { role: 'learner', kind: 'counter', name: 'archwalk_learner_replay_stale_priorities_total', help: 'Priority updates dropped because their slot was overwritten.' },
  replayPriority: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_replay_priority', help: 'Quantiles of priorities.', label: { name: 'quantile', values: ['0.1', '0.5', '0.9', '0.99'] } },
  streamPending: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_stream_pending_transitions', help: 'Appended but not yet ingested.' },
  streamRetained: { role: 'learner', kind: 'gauge', name: 'archwalk_learner_stream_retained_bytes', help: 'Stream kept behind the newest durable checkpoint.' },
  streamDuplicates: { role: 'learner', kind: 'counter', name: 'archwalk_learner_stream_duplicates_total', help: 'Entries dropped as already ingested.' },
  streamQuarantined: { role: 'learner', kind: 'counter', name: 'archwalk_learner_stream_quarantined_total', help: 'Entries refused and moved to the quarantine stream.' },

  evaluatorAccuracy: { role: 'evaluator', kind: 'gauge', name: 'archwalk_evaluator_best_accuracy_ratio', help: 'Mean best validation accuracy of greedy searches, by query budget.', label: budgets, tensorboard: 'eval/best_accuracy' },
  evaluatorRegret: { role: 'evaluator', kind: 'gauge', name: 'archwalk_evaluator_regret_ratio', help: 'Known optimum minus the best found, by query budget.', label: budgets },
  evaluatorBaseline: { role: 'evaluator', kind: 'gauge', name: 'archwalk_evaluator_baseline_accuracy_ratio', help: 'Mean best validation accuracy at 50 queries, by method.', label: { name: 'method', values: ['random-search', 'local-search'] } },
  evaluatorEvaluations: { role: 'evaluator', kind: 'counter', name: 'archwalk_evaluator_evaluations_total', help: 'Evaluations of a weight version.' },
  evaluatorWeightVersion: { role: 'evaluator', kind: 'gauge', name: 'archwalk_evaluator_weight_version', help: 'Version evaluated last.' },

  controlJobs: { role: 'control', kind: 'counter', name: 'archwalk_control_jobs_total', help: 'Jobs by outcome.', label: { name: 'outcome', values: ['completed', 'failed', 'cancelled'] } },
});

export type MetricKey = keyof typeof catalogue;

/** Redis reconnects, the one metric that every role has; its name carries the role. */
export const redisReconnectsName = (role: Role): string => `archwalk_${role}_redis_reconnects_total`;
