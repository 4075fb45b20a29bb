/**
 * @file One row of NAS-Bench-101's files: a JSON list [module hash, epochs, adjacency digits row by row, operations joined by
 * commas, base64 of a protobuf message]. A row is one training (a *repeat*) of one cell at one epoch budget.
 *
 * The message is NASBench's `ModelMetrics` (google-research/nasbench, model_metrics.proto); EC-NAS-Bench's rows put energy
 * figures into further fields of it, and into field 6, which is why that field is not declared here. Undeclared fields are skipped.
 */
import protobuf from 'protobufjs';
import { DatasetError } from '../../errors.js';
import { readModelSpec, type ModelSpec } from './modelSpec.js';
import { shown } from './shown.js';

const schema = protobuf.parse(`
  syntax = "proto2";
  message EvaluationData {
    optional double current_epoch = 1;
    optional double training_time = 2;
    optional double train_accuracy = 3;
    optional double validation_accuracy = 4;
    optional double test_accuracy = 5;
  }
  message ModelMetrics {
    repeated EvaluationData evaluation_data = 1;
    optional int32 trainable_parameters = 2;
    optional double total_time = 3;
  }`).root;
const ModelMetrics = schema.lookupType('ModelMetrics');

interface EvaluationData {
  readonly currentEpoch: number;
  readonly trainingTime: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
}

/** What archwalk keeps of a row: the last evaluation, at the end of training. */
export interface MetricsRow {
  readonly moduleHash: string;
  readonly epochs: number;
  /** Adjacency digits and operations as they stand in the row; equal texts are equal cells. */
  readonly cellText: string;
  readonly trainableParameters: number;
  /** Fractions. */
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
  readonly trainingSeconds: number;
}

/** Where a row stands, for complaints: the file and the byte offset of its record (or the line). */
function bad(where: string, required: string, found: unknown): DatasetError {
  return new DatasetError(`${where}: ${required}, got ${shown(found)}`);
}

/** @throws DatasetError unless `value` is a fraction */
export function checkFraction(where: string, name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw bad(where, `${name} must be a fraction in [0, 1]`, value);
  return value;
}

/**
 * Decodes a row.
 *
 * @param where  names the row in complaints, e.g. "FILE: the record at byte 123"
 * @throws DatasetError naming the field, what it must be and what it is
 */
export function decodeRow(record: Buffer, where: string): MetricsRow {
  let row: unknown;
  try {
    row = JSON.parse(record.toString('latin1'));
  } catch (cause) {
    throw new DatasetError(`${where}: the row must be JSON, got ${JSON.stringify(record.toString('latin1', 0, 60))}`, cause);
  }
  if (!Array.isArray(row) || row.length !== 5) throw bad(where, 'the row must be a list of 5', row);
  const [moduleHash, epochs, adjacency, operations, metrics] = row as unknown[];
  if (typeof moduleHash !== 'string' || !/^[0-9a-f]{32}$/.test(moduleHash)) throw bad(where, 'the module hash must be 32 hexadecimal digits', moduleHash);
  if (typeof epochs !== 'number' || !Number.isInteger(epochs) || epochs < 1) throw bad(where, 'the epochs must be a whole number above 0', epochs);
  if (typeof adjacency !== 'string' || typeof operations !== 'string' || typeof metrics !== 'string') throw bad(where, 'adjacency, operations and metrics must be texts', [adjacency, operations, metrics]);
  const { last, trainableParameters } = decodeMetrics(metrics, where);
  if (!(Math.abs(last.currentEpoch - epochs) <= 1)) throw bad(where, `the last evaluation must be within an epoch of ${epochs}`, last.currentEpoch);
  if (!(last.trainingTime >= 0 && last.trainingTime < Infinity)) throw bad(where, 'training_time must be seconds, at least 0', last.trainingTime);
  return {
    moduleHash,
    epochs,
    cellText: `${adjacency} ${operations}`,
    trainableParameters,
    validationAccuracy: checkFraction(where, 'validation_accuracy', last.validationAccuracy),
    testAccuracy: checkFraction(where, 'test_accuracy', last.testAccuracy),
    trainingSeconds: last.trainingTime,
  };
}

function decodeMetrics(base64: string, where: string): { last: EvaluationData; trainableParameters: number } {
  let message: protobuf.Message & { evaluationData?: EvaluationData[]; trainableParameters?: number };
  try {
    message = ModelMetrics.decode(Buffer.from(base64, 'base64'));
  } catch (cause) {
    throw new DatasetError(`${where}: the metrics must be a ModelMetrics message, got ${JSON.stringify(base64.slice(0, 40))}`, cause);
  }
  const last = message.evaluationData?.at(-1);
  if (last === undefined) throw bad(where, 'the metrics must hold an evaluation', message.evaluationData?.length ?? 0);
  const trainableParameters = message.trainableParameters ?? 0;
  if (trainableParameters < 1) throw bad(where, 'trainable_parameters must be above 0', trainableParameters);
  return { last, trainableParameters };
}

/** Encodes metrics as a row's base64 text: for synthetic files in tests and benchmarks. */
export function encodeMetrics(epochs: number, trainableParameters: number, evaluation: Omit<EvaluationData, 'currentEpoch'>): string {
  const half = { ...evaluation, currentEpoch: epochs / 2, trainingTime: evaluation.trainingTime / 2 };
  const message = { evaluationData: [{ ...half, currentEpoch: 0, trainingTime: 0 }, half, { ...evaluation, currentEpoch: epochs }], trainableParameters, totalTime: evaluation.trainingTime };
  return Buffer.from(ModelMetrics.encode(message).finish()).toString('base64');
}

/**
 * The cell of a row's text.
 *
 * @throws DatasetError if the text is no cell of the space
 */
export function readRowCell(cellText: string, where: string): ModelSpec {
  const [digits = '', operations = ''] = cellText.split(' ');
  const vertices = Math.sqrt(digits.length);
  if (!Number.isInteger(vertices)) throw bad(where, 'the adjacency must have a square number of digits', digits.length);
  const matrix = Array.from({ length: vertices }, (_, u) => Array.from(digits.slice(u * vertices, (u + 1) * vertices), Number));
  try {
    return readModelSpec(matrix, operations.split(','));
  } catch (cause) {
    throw new DatasetError(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}
