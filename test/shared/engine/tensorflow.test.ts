import { createRequire } from 'node:module';
import { describe, expect, it, vi } from 'vitest';
import { EngineError } from '../../../shared/errors.js';
import { engineEnvironment, loadTensorflow, nodeBackend, type EngineMachine, type EngineSettings } from '../../../shared/engine/tensorflow.js';

const settings: EngineSettings = { threads: 1, device: 'auto', bf16: false };

describe('engineEnvironment', () => {
  it('bounds both thread pools, and leaves them alone at 0', () => {
    expect(engineEnvironment({ ...settings, threads: 3 }, {})).toMatchObject({ TF_NUM_INTRAOP_THREADS: '3', TF_NUM_INTEROP_THREADS: '3' });
    expect(engineEnvironment({ ...settings, threads: 0 }, {})).not.toHaveProperty('TF_NUM_INTRAOP_THREADS');
  });

  it('says the precision in full, so that an inherited variable cannot change it', () => {
    const inherited = { ONEDNN_DEFAULT_FPMATH_MODE: 'BF16' };
    expect(engineEnvironment(settings, inherited)['ONEDNN_DEFAULT_FPMATH_MODE']).toBe('STRICT');
    expect(engineEnvironment({ ...settings, bf16: true }, {})['ONEDNN_DEFAULT_FPMATH_MODE']).toBe('BF16');
  });

  it('hides the GPU from a process that is to run on the CPU, and from no other', () => {
    expect(engineEnvironment({ ...settings, device: 'cpu' }, {})['CUDA_VISIBLE_DEVICES']).toBe('-1');
    expect(engineEnvironment({ ...settings, device: 'gpu' }, {})).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
  });

  it("keeps the user's log level and memory growth", () => {
    const existing = { TF_CPP_MIN_LOG_LEVEL: '0', TF_FORCE_GPU_ALLOW_GROWTH: 'false' };
    expect(engineEnvironment(settings, existing)).toMatchObject(existing);
    expect(engineEnvironment(settings, {})).toMatchObject({ TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  });
});

describe('loadTensorflow', () => {
  it('computes with the library of the wheel', async () => {
    const tf = await loadTensorflow(settings);
    expect(nodeBackend(tf).binding.TF_Version).toBe('2.20.0');
    const before = tf.memory().numTensors;
    // [1 2; 3 4] · [1 1; 0 1] = [1 3; 3 7]
    const product = tf.tidy(() => Array.from(tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[1, 1], [0, 1]])).dataSync()));
    expect(product).toEqual([1, 3, 3, 7]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('runs the operations that call util.isNullOrUndefined, on every Node', async () => {
    const tf = await loadTensorflow(settings);
    const { values, indices } = tf.topk(tf.tensor1d([3, 9, 5]), 2);
    expect([Array.from(values.dataSync()), Array.from(indices.dataSync())]).toEqual([[9, 5], [1, 2]]);
    tf.dispose([values, indices]);
  });

  it('gives the same library to a later call, whatever threads it asks for', async () => {
    expect(await loadTensorflow({ ...settings, threads: 2 })).toBe(await loadTensorflow(settings));
  });

  it('refuses the silent fall to the CPU', async () => {
    const tf = await loadTensorflow(settings);
    const asked = loadTensorflow({ ...settings, device: 'gpu' });
    if (nodeBackend(tf).isUsingGpuDevice) return expect(await asked).toBe(tf);
    return expect(asked).rejects.toThrow(new EngineError('engine.device=gpu must find a GPU, none is visible: the CPU library is installed: run ARCHWALK_ENGINE=gpu make setup, or set engine.device=auto'));
  });
});

describe('loadTensorflow on other machines', () => {
  const machine: EngineMachine = { library: { folder: '/library', cuda: false }, bf16: true, require: createRequire(import.meta.url) };

  /** The module with nothing loaded yet, as in a fresh process. */
  async function fresh(): Promise<typeof loadTensorflow> {
    vi.resetModules();
    return (await import('../../../shared/engine/tensorflow.js')).loadTensorflow;
  }

  it('says what to do where set-up has not run', async () => {
    const load = await fresh();
    await expect(load(settings, { ...machine, library: { folder: null, cuda: false } })).rejects.toThrow('the TensorFlow library must be installed, it is not: run make setup');
  });

  it('says what to do where the addon does not load', async () => {
    const load = await fresh();
    const require = (): never => {
      throw new Error('libtensorflow_cc.so.2: cannot open shared object file\nstack');
    };
    await expect(load(settings, { ...machine, require })).rejects.toThrow('the tensor engine must load, it does not (libtensorflow_cc.so.2: cannot open shared object file): run make setup');
  });

  it('refuses another precision once loaded', async () => {
    const load = await fresh();
    await load({ ...settings, bf16: true }, machine);
    await expect(load(settings, machine)).rejects.toThrow("the engine's precision must stay as first loaded, bf16 true, got bf16 false");
  });

  it('takes bf16 for f32 where the processor has no bf16', async () => {
    const load = await fresh();
    await load({ ...settings, bf16: true }, { ...machine, bf16: false });
    await expect(load(settings, { ...machine, bf16: false })).resolves.toBeDefined();
  });

  it('points a machine with CUDA at its driver, not at set-up', async () => {
    const load = await fresh();
    const asked = load({ ...settings, device: 'gpu' }, { ...machine, library: { folder: '/library', cuda: true } });
    if (nodeBackend(await loadTensorflow(settings)).isUsingGpuDevice) return expect(await asked).toBeDefined();
    return expect(asked).rejects.toThrow('check that nvidia-smi lists it');
  });
});
