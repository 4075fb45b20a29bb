/**
 * @file The one door to TensorFlow: the only module that imports the tfjs package. It sets the library's environment variables, which
 * are read once while the library loads, and refuses a silent fall from GPU to CPU.
 *
 * Measured here (2 cores, eager 2048 x 2048 products): TF_NUM_INTRAOP_THREADS=1 keeps the eager context at 1.00 processors,
 * without it 1.94; OMP_NUM_THREADS changes nothing, since this library's kernels run on its own thread pool.
 */
import { createRequire } from 'node:module';
import { EngineError, InvariantError } from '../errors.js';
import { installedLibrary, processorHasBf16, type InstalledLibrary } from './capabilities.js';
import { installUtilShim } from './utilShim.js';

export type Tensorflow = typeof import('@tensorflow/tfjs-node-gpu');

export interface EngineSettings {
  /** Threads an operation may use; 0 leaves it to TensorFlow (all processors). */
  readonly threads: number;
  /** auto: a GPU where one is visible; cpu hides it; gpu refuses to run without. */
  readonly device: 'auto' | 'cpu' | 'gpu';
  /** True lets oneDNN convert the inputs of f32 products to bf16, where the processor multiplies bf16 in hardware. */
  readonly bf16: boolean;
}

/** What tfjs's native backend says of itself. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/** What loading depends on; tests give another machine's. */
export interface EngineMachine {
  readonly library: InstalledLibrary;
  readonly bf16: boolean;
  readonly require: (name: string) => unknown;
}

function thisMachine(): EngineMachine {
  return { library: installedLibrary(), bf16: processorHasBf16(), require: createRequire(import.meta.url) };
}

let loaded: { readonly tensorflow: Tensorflow; readonly bf16: boolean } | null = null;

/**
 * The environment variables for these settings. `existing` wins for what is a user's to choose (log level, GPU memory growth).
 *
 * @returns the variables to set; none is to be removed
 */
export function engineEnvironment(settings: EngineSettings, existing: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const threads = String(settings.threads);
  return {
    TF_CPP_MIN_LOG_LEVEL: existing['TF_CPP_MIN_LOG_LEVEL'] ?? (settings.device === 'gpu' ? '1' : '2'),
    TF_FORCE_GPU_ALLOW_GROWTH: existing['TF_FORCE_GPU_ALLOW_GROWTH'] ?? 'true',
    ONEDNN_DEFAULT_FPMATH_MODE: settings.bf16 ? 'BF16' : 'STRICT',
    ...(settings.threads > 0 ? { TF_NUM_INTRAOP_THREADS: threads, TF_NUM_INTEROP_THREADS: threads } : {}),
    ...(settings.device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
}

/** tfjs's native backend, for those who call operations by name. */
export function nodeBackend(tensorflow: Tensorflow): NodeBackend {
  return tensorflow.backend() as unknown as NodeBackend;
}

function requireLibrary({ library, require }: EngineMachine): Tensorflow {
  if (library.folder === null) throw new EngineError('the TensorFlow library must be installed, it is not: run make setup');
  installUtilShim();
  try {
    return require('@tensorflow/tfjs-node-gpu') as Tensorflow;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new EngineError(`the tensor engine must load, it does not (${reason}): run make setup`, error);
  }
}

function gpuRemedy({ library }: EngineMachine): string {
  return library.cuda
    ? 'check that nvidia-smi lists it and that CUDA_VISIBLE_DEVICES does not hide it'
    : 'the CPU library is installed: run ARCHWALK_ENGINE=gpu make setup';
}

/**
 * Loads TensorFlow once per process; the first call's threads and device stay. The library's objects are the process's own.
 *
 * @throws EngineError if the library is not installed, does not load, or `device` is gpu and no GPU is visible
 * @throws InvariantError if a later call asks for another precision: the library cannot change it any more
 */
export async function loadTensorflow(settings: EngineSettings, machine: EngineMachine = thisMachine()): Promise<Tensorflow> {
  const bf16 = settings.bf16 && machine.bf16;
  if (loaded === null) {
    Object.assign(process.env, engineEnvironment({ ...settings, bf16 }, process.env));
    const tensorflow = requireLibrary(machine);
    await tensorflow.ready();
    loaded = { tensorflow, bf16 };
  }
  if (loaded.bf16 !== bf16) throw new InvariantError(`the engine's precision must stay as first loaded, bf16 ${loaded.bf16}, got bf16 ${bf16}`);
  if (settings.device === 'gpu' && !nodeBackend(loaded.tensorflow).isUsingGpuDevice) {
    throw new EngineError(`engine.device=gpu must find a GPU, none is visible: ${gpuRemedy(machine)}, or set engine.device=auto`);
  }
  return loaded.tensorflow;
}
