/** @file Which route answers. The machine without an addon is played by `isGraphAvailable` alone; the engines behind it are real. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createInferenceEngine, createLearnerEngine } from '../../../shared/agent/createEngine.js';
import { createGraphInference, isGraphAvailable } from '../../../shared/agent/graphEngine.js';
import { TfjsInference } from '../../../shared/agent/tfjsInference.js';
import { TfjsLearner } from '../../../shared/agent/tfjsLearner.js';
import { EngineError, ShapeError } from '../../../shared/errors.js';
import { largestDifference, randomTokens, roughWeights, tinyOptions, tinySpec, validValues } from '../../contract/learnerFixtures.js';

vi.mock(import('../../../shared/agent/graphEngine.js'), async (original) => {
  const real = await original();
  return { ...real, isGraphAvailable: vi.fn(real.isGraphAvailable) };
});
const builtHere = isGraphAvailable();

afterEach(() => {
  vi.mocked(isGraphAvailable).mockReset();
});

describe('without the addon', () => {
  it('auto takes tfjs', async () => {
    vi.mocked(isGraphAvailable).mockReturnValue(false);
    const [learner, inference] = [await createLearnerEngine({ ...tinyOptions(), route: 'auto' }), await createInferenceEngine({ ...tinyOptions(), route: 'auto' })];
    expect(learner).toBeInstanceOf(TfjsLearner);
    expect(inference).toBeInstanceOf(TfjsInference);
    learner.dispose();
    inference.dispose();
  });

  it('graph is refused with its remedy', async () => {
    vi.mocked(isGraphAvailable).mockReturnValue(false);
    await expect(createLearnerEngine({ ...tinyOptions(), route: 'graph' })).rejects.toThrow(EngineError);
    await expect(createInferenceEngine({ ...tinyOptions(), route: 'graph' })).rejects.toThrow(/run make setup, or set engine.route to tfjs/);
  });
});

it('a network whose sizes do not fit is refused', async () => {
  await expect(createLearnerEngine({ ...tinyOptions({ spec: { ...tinySpec, heads: 3 } }), route: 'tfjs' })).rejects.toThrow(ShapeError);
});

describe.skipIf(!builtHere)('with the addon', () => {
  it('auto takes the graph, and both routes give one set of Q-values', async () => {
    vi.mocked(isGraphAvailable).mockReturnValue(true);
    const [auto, reference] = [await createInferenceEngine({ ...tinyOptions(), route: 'auto' }), await createInferenceEngine({ ...tinyOptions(), route: 'tfjs' })];
    expect(auto).toBeInstanceOf((await createGraphInference(tinyOptions())).constructor);
    const tokens = randomTokens(tinySpec, [4, 1, 3], 5);
    const values: number[][] = [];
    for (const engine of [auto, reference]) {
      engine.setWeights(roughWeights(tinySpec, 3));
      values.push(validValues(await engine.q(tokens), tokens, 4));
      engine.dispose();
    }
    expect(largestDifference(values[0] as number[], values[1] as number[])).toBeLessThan(1e-5);
  });
});
