/** @file The doctor's look at the tensor engine: library, devices, bf16, the compiled graph route and its custom operations. */
import { existsSync, readdirSync } from 'node:fs';
import { installedLibrary, processorFeatures, type InstalledLibrary, type ProcessorFeatures } from '../../../shared/engine/capabilities.js';
import { graphAddon, isAddonBuilt, loadCustomOps } from '../../../shared/engine/graphAddon.js';
import { loadTensorflow, nodeBackend } from '../../../shared/engine/tensorflow.js';
import { failed, type Finding, messageOf, ok, warning } from './finding.js';

const SETUP = 'run make setup';

/** Every finding about the engine. Loads the library into this process. */
export async function engineFindings(): Promise<Finding[]> {
  const library = installedLibrary();
  const processor = bf16Finding(processorFeatures());
  if (library.folder === null) return [failed('engine', 'the TensorFlow library is not installed', SETUP), processor];
  try {
    const tensorflow = await loadTensorflow({ threads: 0, device: 'auto', bf16: false });
    const { binding, isUsingGpuDevice } = nodeBackend(tensorflow);
    const engine = ok('engine', `TensorFlow ${binding.TF_Version}, ${library.cuda ? 'CUDA' : 'CPU'} build, computes ${String(checkProduct(tensorflow))}`);
    return [engine, deviceFinding(library, isUsingGpuDevice, seesNvidiaDevice()), processor, graphFinding()];
  } catch (error) {
    return [failed('engine', messageOf(error), SETUP), processor];
  }
}

/** [1 2] · [3 4]ᵀ on the device: 11. */
function checkProduct(tensorflow: Awaited<ReturnType<typeof loadTensorflow>>): number {
  return tensorflow.tidy(() => tensorflow.matMul(tensorflow.tensor2d([[1, 2]]), tensorflow.tensor2d([[3], [4]])).dataSync()[0] ?? Number.NaN);
}

function seesNvidiaDevice(): boolean {
  return existsSync('/dev') && readdirSync('/dev').some((name) => /^nvidia\d+$/.test(name));
}

/** Whether the engine runs where it could run. A machine without a GPU that has the CPU library is as it should be. */
export function deviceFinding(library: InstalledLibrary, usesGpu: boolean, gpuPresent: boolean): Finding {
  if (usesGpu) return ok('device', 'GPU');
  if (gpuPresent && !library.cuda) return warning('device', 'CPU, though an NVIDIA GPU is there', 'run ARCHWALK_ENGINE=gpu make setup for the CUDA library');
  if (library.cuda) return warning('device', 'CPU: the CUDA library sees no GPU', 'check nvidia-smi, the driver (525 or later) and CUDA_VISIBLE_DEVICES; engine.device=gpu refuses to run so');
  return ok('device', 'CPU; no NVIDIA GPU is there');
}

/** What `engine.precision: auto` will be on this processor. */
export function bf16Finding({ model, count, bf16 }: ProcessorFeatures): Finding {
  const found = `${model}, ${count} processors`;
  return ok('bf16', bf16.length > 0 ? `${found}: matrix products in bf16 (${bf16.join(', ')})` : `${found}: no bf16 in hardware, matrix products in f32`);
}

function graphFinding(): Finding {
  const slower = 'the composed route computes the same, slower; make setup says why it does not build';
  if (!isAddonBuilt()) return warning('graph route', 'not built', slower);
  try {
    const version = graphAddon().tensorflowVersion();
    return loadCustomOps() ? ok('graph route', `addon on TensorFlow ${version}, with custom operations`) : warning('graph route', `addon on TensorFlow ${version}, without custom operations`, slower);
  } catch (error) {
    return warning('graph route', messageOf(error), slower);
  }
}
