import { describe, expect, it } from 'vitest';
import { configHash, configKeys, resolveConfig, validateConfig } from '../../../shared/config/resolve.js';
import { ConfigError } from '../../../shared/errors.js';

const set = (...assignments: string[]) => resolveConfig({ assignments });

describe('resolveConfig', () => {
  it('takes schema, then preset, then run file, then --set', () => {
    expect(set().learner.batchSize).toBe(64);
    expect(set('experiment.benchmark=nasbench201').learner.batchSize).toBe(128);
    const file = { experiment: { benchmark: 'nasbench201' }, learner: { batchSize: 96 } };
    expect(resolveConfig({ file }).learner).toMatchObject({ batchSize: 96, samplesPerInsert: 4 });
    expect(resolveConfig({ file, assignments: ['learner.batchSize=32'] }).learner.batchSize).toBe(32);
  });

  it('holds the paper\'s numbers in preset paper', () => {
    const config = resolveConfig({ preset: 'paper' });
    expect(config.mdp).toMatchObject({ neighbours: 100, shapingAlpha: 32 });
    expect(config.agent.width).toBe(512);
    expect(resolveConfig({ preset: 'paper', assignments: ['experiment.benchmark=nasbench101'] })).toMatchObject({ mdp: { neighbours: 25, shapingAlpha: 6 }, agent: { width: 256 } });
  });

  it('reads numbers, words and lists', () => {
    expect(set('evaluation.budgets=[5, 10]').evaluation.budgets).toEqual([5, 10]);
    expect(set('agent.dueling=false').agent.dueling).toBe(false);
    expect(set('learner.learningRate=1e-3').learner.learningRate).toBe(0.001);
  });

  it('is frozen to its leaves', () => {
    const config = set();
    expect(() => Object.assign(config.learner, { batchSize: 1 })).toThrow(TypeError);
  });

  it.each([
    ['lerner.batchSize=2', 'got "lerner.batchSize". Did you mean "learner.batchSize"?'],
    ['learner.batchSize', '--set must be key=value, got "learner.batchSize"'],
    ['replay.capacity=10', 'replay.capacity must be at least 1000, got 10'],
    ['replay.capacity=1e9', 'replay.capacity must be at most 16777216, got 1000000000'],
    ['learner.batchSize=1.5', 'learner.batchSize must be a whole number, got 1.5'],
    ['learner.optimizer=sgd', 'learner.optimizer must be one of adam, rmsprop-centred, got "sgd"'],
    ['agent.heads=5', 'agent.heads must divide agent.width'],
    ['mdp.horizonSteps=2', 'mdp.nSteps must be at most mdp.horizonSteps'],
    ['learner.warmUpTransitions=50', 'learner.batchSize must be at most learner.warmUpTransitions'],
    ['learner.batchSize=[1', '--set learner.batchSize must have a number, word or [list]'],
    ['benchmark.repeats=fixed:x', 'benchmark.repeats must be mean, fixed:K or sampled:SEED, got "fixed:x"'],
    ['benchmark.epochs=7', 'benchmark.epochs must be one of 0, 4, 12, 36, 108, got 7'],
    ['benchmark.sampler=cells', 'benchmark.sampler must be one of classes, matrices, got "cells"'],
    ['experiment.preset=huge', 'experiment.preset must be small or paper, got "huge"'],
  ])('refuses %s in one line', (assignment, message) => {
    expect(() => set(assignment)).toThrow(ConfigError);
    expect(() => set(assignment)).toThrow(message);
  });

  it('refuses unknown keys of a run file with the nearest known one', () => {
    expect(() => resolveConfig({ file: { learner: { batchsize: 1 } } })).toThrow('got "learner.batchsize". Did you mean "learner.batchSize"?');
    expect(() => resolveConfig({ file: { lerner: {} } })).toThrow('got "lerner". Did you mean "learner"?');
    expect(() => validateConfig([])).toThrow(ConfigError);
  });
});

describe('configHash', () => {
  it('changes with what gives transitions their meaning, and not with the pace', () => {
    expect(configHash(set('mdp.gamma=0.8'))).not.toBe(configHash(set()));
    expect(configHash(set('benchmark.repeats=fixed:1'))).not.toBe(configHash(set()));
    expect(configHash(set('learner.steps=5', 'actor.processes=3'))).toBe(configHash(set()));
    expect(configHash(set())).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('configKeys', () => {
  it('names every leaf once', () => {
    const keys = configKeys();
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('redis.weightChunkBytes');
  });
});
