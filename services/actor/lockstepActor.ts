/**
 * @file An actor in lockstep: waits for a turn, takes exactly the weights and the place it names, and answers with one entry and
 * the place it got to. It keeps nothing from one turn to the next, so it may die and be replaced at any moment.
 */
import { largestBatch } from '../../shared/config/schema.js';
import { WireFormatError } from '../../shared/errors.js';
import { TransitionBuffer } from '../../shared/mdp/transitionBuffer.js';
import type { WalkState } from '../../shared/mdp/types.js';
import type { Turn, TurnTaker } from '../../shared/redis/turns.js';
import type { WeightReader, WeightVersion } from '../../shared/redis/weightChannel.js';
import { type WalkLimits, decodeWalk, encodeWalk } from '../../shared/wire/walkState.js';
import { decodeWeights } from '../../shared/wire/weights.js';
import { type ActingOptions, Stepper } from './actor.js';

export interface LockstepOptions extends ActingOptions {
  readonly configHash: string;
  readonly limits: WalkLimits;
  readonly turns: TurnTaker;
  readonly reader: WeightReader;
}

export class LockstepActor {
  readonly #options: LockstepOptions;
  readonly #buffer: TransitionBuffer;
  readonly #stepper: Stepper;
  /** Where the run begins. */
  readonly #beginning: WalkState;
  #acting: WeightVersion | null = null;

  constructor(options: LockstepOptions) {
    this.#options = options;
    this.#buffer = new TransitionBuffer(largestBatch(options.config), options.codeWords);
    this.#stepper = new Stepper(options);
    this.#beginning = options.environment.walk;
  }

  /** Version and age of the weights acted with. */
  get weights(): { readonly version: number; readonly ageSeconds: number } {
    return { version: this.#acting?.version ?? -1, ageSeconds: this.#options.reader.ageMs / 1000 };
  }

  /** Takes turns until `signal` fires; a turn that was begun is left to whoever takes it again. */
  async run(signal: AbortSignal): Promise<void> {
    const { turns, sender, logger } = this.#options;
    while (!signal.aborted) {
      try {
        const turn = await sender.whileBlocked(() => turns.next(signal));
        if (turn !== null && (await this.#takeWeights(turn))) await this.#answer(turn, signal);
      } catch (error) {
        if (!(error instanceof WireFormatError)) throw error;
        logger.error(`a turn was left out: ${error.message}`);
      }
    }
  }

  /** @returns false if the turn is not the newest learner's any more: another turn follows */
  async #takeWeights({ token, version }: Turn): Promise<boolean> {
    const { reader, engine, configHash, metrics } = this.#options;
    const isActing = (): boolean => this.#acting?.token === token && this.#acting.version === version;
    if (isActing()) return true;
    const fetched = await reader.fetchNewest();
    if (fetched === null) return false;
    const decoded = decodeWeights(fetched.bytes);
    if (decoded.configHash !== configHash) throw new WireFormatError(`a weight snapshot must have configuration hash ${configHash}, got ${JSON.stringify(decoded.configHash)}`);
    engine.setWeights(decoded.weights);
    this.#acting = { token: fetched.token, version: fetched.version };
    metrics.set('actorWeightVersion', fetched.version);
    return isActing();
  }

  async #answer({ turn, version, walk }: Turn, signal: AbortSignal): Promise<void> {
    const { environment, config, sender, limits } = this.#options;
    environment.restoreWalk(walk === null ? this.#beginning : decodeWalk(walk, limits).walk);
    this.#buffer.clear();
    while (this.#buffer.size < config.actor.sendTransitions) await this.#stepper.step(this.#buffer);
    await sender.send(this.#buffer, version, signal, encodeWalk({ turn, walk: environment.walk }));
  }
}
