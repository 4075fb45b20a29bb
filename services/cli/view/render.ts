/** @file The live view as text: a pure function of what the roles say of themselves. */
import pc from 'picocolors';
import { type ActorStatus, type EvaluatorStatus, type LearnerStatus, verdictOf } from '../../../shared/metrics/status.js';

export interface ViewState {
  readonly title: string;
  readonly elapsedSeconds: number;
  readonly learner: LearnerStatus | null;
  readonly actors: readonly ActorStatus[];
  readonly environments: number;
  readonly evaluator: EvaluatorStatus | null;
  /** Newest last: crashes and restarts. */
  readonly events: readonly string[];
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
export const formatCount = (value: number): string => grouped.format(value);
const fixed = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '-');

export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${part(Math.floor(whole / 3600))}:${part(Math.floor(whole / 60) % 60)}:${part(whole % 60)}`;
}

/** The view's lines for a terminal `columns` wide. */
export function renderView(state: ViewState, columns: number): string[] {
  const lines = [`${pc.bold('archwalk')}  ${state.title}   ${formatDuration(state.elapsedSeconds)}`, ...renderRates(state), ...renderSearch(state.evaluator)];
  if (state.learner !== null) {
    const { limit, evidence } = verdictOf(state.learner, state.actors);
    lines.push(`${pc.bold('limit')}     ${pc.yellow(limit)}: ${evidence}`);
  }
  lines.push(...state.events.slice(-3).map((event) => pc.red(event)));
  return lines.map((line) => truncate(line, columns));
}

function renderRates({ learner, actors, environments }: ViewState): string[] {
  if (learner === null) return [pc.dim('starting the processes')];
  const l = learner;
  const transitions = actors.reduce((sum, actor) => sum + actor.transitionsPerSecond, 0);
  const step =
    l.state === 'warming up'
      ? `warming up: ${formatCount(l.inserts)} of ${formatCount(l.warmUpTransitions)} transitions`
      : `${l.state}: step ${formatCount(l.steps)}/${formatCount(l.targetSteps)}  ${fixed(l.stepsPerSecond, 1)}/s   samples ${formatCount(l.samples)}  ${formatCount(l.samplesPerSecond)}/s`;
  return [
    `${pc.bold('learner')}   ${step}   loss ${fixed(l.loss, 4)}  |TD| ${fixed(l.meanTdError, 3)}  Q ${fixed(l.meanQ, 2)}`,
    `${pc.bold('actors')}    ${actors.length} x ${environments} environments   transitions ${formatCount(l.inserts)}  ${formatCount(transitions)}/s   ${describeActors(actors)}`,
    `${pc.bold('replay')}    ${bar(l.replaySize / l.replayCapacity)} ${formatCount(l.replaySize)}/${formatCount(l.replayCapacity)}   samples per insert ${fixed(l.samplesPerInsert, 2)}`,
  ];
}

function describeActors(actors: readonly ActorStatus[]): string {
  if (actors.length === 0) return 'none connected';
  const low = Math.min(...actors.map((a) => a.epsilonMin));
  const high = Math.max(...actors.map((a) => a.epsilonMax));
  const oldest = Math.min(...actors.map((a) => a.weightVersion));
  const age = Math.max(...actors.map((a) => a.weightAgeSeconds));
  return `epsilon ${low.toFixed(4)} to ${high.toFixed(2)}   weights v${oldest}, ${fixed(age, 1)} s old`;
}

function renderSearch(evaluator: EvaluatorStatus | null): string[] {
  if (evaluator === null) return [pc.dim('search    the evaluator looks at the first weights soon')];
  const methods = Object.entries(evaluator.byBudget);
  const budgets = Object.keys(methods[0]?.[1] ?? {});
  const header = `${pc.bold('search')}    ${pad('queries', 16)}${budgets.map((budget) => budget.padStart(8)).join('')}   ${pc.dim(`mean best validation accuracy in %, weights v${evaluator.weightVersion}`)}`;
  return [header, ...methods.map(([method, values]) => `          ${pad(method, 16)}${budgets.map((budget) => fixed(100 * (values[budget] ?? NaN), 2).padStart(8)).join('')}`)];
}

/** One plain line, for logs and pipes. */
export function renderPlain(state: ViewState): string {
  const l = state.learner;
  if (l === null) return `${formatDuration(state.elapsedSeconds)} starting the processes`;
  const verdict = verdictOf(l, state.actors);
  const agent = state.evaluator?.byBudget['agent'];
  const found = agent === undefined ? '' : `, agent ${Object.entries(agent).map(([budget, value]) => `${fixed(100 * value, 2)}@${budget}`).join(' ')}`;
  return `${formatDuration(state.elapsedSeconds)} ${l.state}: step ${l.steps}/${l.targetSteps}, ${formatCount(l.samplesPerSecond)} samples/s, ${formatCount(l.insertsPerSecond)} transitions/s, loss ${fixed(l.loss, 4)}, replay ${formatCount(l.replaySize)}, weights v${l.weightVersion}, limit ${verdict.limit}${found}`;
}

function bar(share: number): string {
  const width = 20;
  const full = Math.round(width * Math.min(1, Math.max(0, share)));
  return `${'#'.repeat(full)}${'.'.repeat(width - full)}`;
}

const pad = (text: string, width: number): string => text.padEnd(width);

function truncate(line: string, columns: number): string {
  const visible = line.replace(/\u001b\[\d+m/g, '');
  if (visible.length <= columns) return line;
  return `${visible.slice(0, Math.max(0, columns - 1))}…`;
}
