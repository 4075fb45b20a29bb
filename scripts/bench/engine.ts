/**
 * @file The engine's figures: learner steps in samples/s (double Q, clip, Adam) and inference in states/s at the sizes of engineCases.ts.
 *
 *     node dist/scripts/bench/engine.js [--cases small,nb101] [--forms fused,composed,tfjs] [--precision f32] [--threads 2]
 *                                       [--peers eager,compiled] [--rounds 7]
 *
 * With `--peers`, PyTorch (ARCHWALK_PEER_PYTHON, peers/torch_peer.py) runs exactly our network from our weights, turn and turn about; its
 * Q-values must equal ours to 1e-3 first. The ratio is against the fastest of its ways. Medians; processor seconds go to stderr.
 */
import { parseArgs } from 'node:util';
import type { Precision } from '../../shared/agent/types.js';
import { ENGINE_CASES, type EngineCase } from './engineCases.js';
import { torchContender } from './enginePeer.js';
import { ourContender, type Contender, type EngineForm, type Turn, type Work } from './engineTurns.js';
import { median, report } from './figure.js';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: 'small,nb101,nb301' },
    forms: { type: 'string', default: 'fused' },
    precision: { type: 'string', default: 'f32' },
    threads: { type: 'string', default: '2' },
    peers: { type: 'string', default: '' },
    rounds: { type: 'string', default: '7' },
  },
});

const precision = options.precision as Precision;
const rounds = Number(options.rounds);
/** A turn lasts about this long, so that what else the machine does evens out. */
const TURN_SECONDS = 0.7;

interface Named {
  readonly name: string;
  readonly contender: Contender;
}

/** Turns of every contender, alternating, after one of each that is not counted. */
async function turns(contenders: readonly Named[], work: Work): Promise<Map<string, Turn[]>> {
  const results = new Map<string, Turn[]>();
  const counts = new Map<string, number>();
  for (const { name, contender } of contenders) {
    await contender.turn(work, 1);
    const { seconds } = await contender.turn(work, 1);
    counts.set(name, Math.max(1, Math.round(TURN_SECONDS / seconds)));
    results.set(name, []);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, contender } of contenders) results.get(name)?.push(await contender.turn(work, counts.get(name) ?? 1));
  }
  return results;
}

function reportWork(of: EngineCase, work: Work, results: ReadonlyMap<string, readonly Turn[]>, forms: readonly string[]): void {
  const units = work === 'step' ? of.batchSize : work;
  const perSecond = (name: string): number => units / median((results.get(name) ?? []).map(({ seconds }) => seconds));
  const peers = [...results.keys()].filter((name) => !forms.includes(name));
  const [best] = [...peers].sort((a, b) => perSecond(b) - perSecond(a));
  for (const form of forms) {
    const suffix = form === 'fused' ? '' : `.${form}`;
    const name = `engine.${work === 'step' ? 'step' : `infer${work}`}.${of.name}.${precision}${suffix}`;
    const unit = work === 'step' ? 'samples/s' : 'states/s';
    report({ name, value: perSecond(form), unit, ...(best === undefined ? {} : { peer: `torch ${best} ${perSecond(best).toPrecision(4)} ${unit}`, ratio: perSecond(form) / perSecond(best) }) });
  }
  for (const [name, all] of results) {
    const processor = median(all.map(({ processorSeconds }) => processorSeconds));
    process.stderr.write(`  ${of.name} ${work}: ${name} ${perSecond(name).toPrecision(4)}/s, ${((1e6 * processor) / units).toPrecision(4)} processor us each\n`);
  }
}

async function benchCase(of: EngineCase): Promise<void> {
  const forms = options.forms.split(',') as EngineForm[];
  const contenders: Named[] = [];
  for (const form of forms) {
    const ours = await ourContender(of, form, precision, Number(options.threads));
    contenders.push({ name: form, contender: ours });
    if (form !== forms[0] || options.peers === '') continue;
    const q = await ours.q();
    for (const way of options.peers.split(',')) contenders.push({ name: way, contender: await torchContender(of, way, precision, Number(options.threads), q) });
  }
  for (const work of ['step', ...of.inferenceSizes] as const) reportWork(of, work, await turns(contenders, work), forms);
  for (const { contender } of contenders) contender.close();
}

const wanted = options.cases.split(',');
for (const of of ENGINE_CASES.filter(({ name }) => wanted.includes(name))) await benchCase(of);
