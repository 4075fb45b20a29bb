/**
 * @file How far each actor's batches have been taken: (incarnation, sequence) by actor id. A batch at or below its actor's mark is
 * a duplicate; one that skips numbers leaves a gap, which is counted. Part of the checkpoint.
 */
import { CheckpointError } from '../errors.js';

export type MarkVerdict = 'new' | 'duplicate';

/** actor id, incarnation, sequence. */
export type ActorMark = readonly [number, number, number];

export class ActorMarks {
  readonly #marks = new Map<number, { incarnation: number; sequence: number }>();
  #duplicates = 0;
  #missing = 0;

  /** Batches refused as duplicates. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Sequence numbers that were skipped. */
  get missing(): number {
    return this.#missing;
  }

  /** Judges a batch and, if it is new, moves the mark. A new incarnation starts at sequence number 1. */
  take(actor: number, incarnation: number, sequence: number): MarkVerdict {
    const mark = this.#marks.get(actor);
    const isNewIncarnation = mark === undefined || incarnation > mark.incarnation;
    const last = isNewIncarnation ? 0 : mark.sequence;
    if ((mark !== undefined && incarnation < mark.incarnation) || sequence <= last) {
      this.#duplicates++;
      return 'duplicate';
    }
    this.#missing += sequence - last - 1;
    this.#marks.set(actor, { incarnation, sequence });
    return 'new';
  }

  snapshot(): readonly ActorMark[] {
    return [...this.#marks].map(([actor, { incarnation, sequence }]) => [actor, incarnation, sequence]);
  }

  /** @throws CheckpointError if `marks` is no snapshot */
  restore(marks: unknown): void {
    if (!Array.isArray(marks) || !marks.every(isMark)) throw new CheckpointError('a checkpoint\'s actor marks must be a list of [actor, incarnation, sequence]');
    this.#marks.clear();
    for (const [actor, incarnation, sequence] of marks) this.#marks.set(actor, { incarnation, sequence });
  }
}

function isMark(value: unknown): value is ActorMark {
  return Array.isArray(value) && value.length === 3 && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}
