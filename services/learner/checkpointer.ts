import type { Learner } from './learner.js';
export class Checkpointer {
  async maybeWrite(_l: Learner): Promise<void> {}
  async write(_l: Learner): Promise<void> {}
}
