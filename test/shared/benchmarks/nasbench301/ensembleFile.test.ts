import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEnsembleFile } from '../../../../shared/benchmarks/nasbench301/ensembleFile.js';
import { DatasetError } from '../../../../shared/errors.js';
import type { StoredArray } from '../../../../shared/wire/safetensors.js';
import { encodeEnsembles, ensembleOf, type FileChanges } from './treeFixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'archwalk-ensembles-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'ensembles.safetensors');
/** Two members, of one and of two trees; the first tree has two inner nodes. */
const data = ensembleOf({ name: 'xgb', label: 'xgb_v1.0', target: 'validationAccuracy', precision: 'float32' }, [
  { folder: 'a', baseScore: 90, trees: [{ feature: 10, threshold: 2.5, flags: 12, left: 1, right: { feature: 11, threshold: 0.5, flags: 13, left: 2, right: 3 } }] },
  { folder: 'b', baseScore: 91, trees: [4, { feature: 10, threshold: 2.5, flags: 12, left: 5, right: 6 }] },
], Float64Array.of(92, 93));
const probeCodes = Uint32Array.of(1, 2);
const bytes = encodeEnsembles([data], probeCodes);

const withArray = (name: string, values: StoredArray['values'] | null): FileChanges => ({
  arrays: (arrays) => arrays.flatMap((array) => (array.name !== name ? [array] : values === null ? [] : [{ name, shape: [values.length], values }])),
});
const changed = (changes: FileChanges): Uint8Array => encodeEnsembles([data], probeCodes, changes);
const flipped = (): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));

describe('the ensembles\' file', () => {
  it('holds what was put in', () => {
    writeFileSync(path, bytes);
    const file = readEnsembleFile(path);
    expect(file.probeCodes).toEqual(probeCodes);
    expect(file.ensembles).toEqual([data]);
    expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Uint8Array, string | RegExp]>([
    ['an empty file', new Uint8Array(0), 'must start with a header of at most 16777216 bytes, found a file of 0 bytes'],
    ['another kind of file', Buffer.from('PK\x03\x04 a zip archive of the models'), /must start with a header of at most 16777216 bytes, found a length of \d+/],
    ['a file cut in its header', bytes.subarray(0, 100), /must be at least \d+ bytes long for its header, found 100/],
    ['no JSON', Uint8Array.from([16, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('not a JSON header')]), 'must have a JSON header, found "not a JSON header"'],
    ['a file cut in its tensors', bytes.subarray(0, bytes.length - 3), new RegExp(`must be ${bytes.length} bytes long, found ${bytes.length - 3}$`)],
    ['a flipped bit', flipped(), /must have tensors of SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/],
    ['another format', changed({ metadata: { format: 'x' } }), 'must be of format archwalk-nasbench301-ensembles, version 1, found x, version 1; make it again with "archwalk data convert nasbench301"'],
    ['another version', changed({ metadata: { version: '2' } }), 'version 1, found archwalk-nasbench301-ensembles, version 2'],
    ['other features', changed({ metadata: { features: '["x"]' } }), 'must be for the 56 entries of the official vector, found features ["x"]'],
    ['no list of ensembles', changed({ metadata: { ensembles: '?' } }), 'must list its ensembles, found ?'],
    ['an ensemble without members', changed({ metadata: { ensembles: JSON.stringify([{ name: 'xgb', members: [] }]) } }), 'xgb must have at least one member, found none'],
    ['a missing tensor', changed(withArray('xgb.leafValue', null)), 'must hold the tensor xgb.leafValue, F32 or F64 of 6, found none'],
    ['a short tensor', changed(withArray('xgb.nodeLeft', Int32Array.of(-1))), /xgb\.nodeLeft must be I32 of 3, found I32 of 1 in bytes \d+ to \d+/],
    ['a tensor of another type', changed(withArray('xgb.nodeSplit', Uint32Array.of(0, 1, 2))), 'xgb.nodeSplit must be U16, found U32 of 3'],
    ['trees of other sizes', changed(withArray('xgb.treeNodes', Uint32Array.of(2, 0, 9))), 'xgb must have 11 nodes in its trees, found 3'],
    ['a NaN leaf', changed(withArray('xgb.leafValue', Float32Array.of(1, 2, NaN, 4, 5, 6))), 'xgb.leafValue[2] must be finite, found NaN'],
    ['an infinite threshold', changed(withArray('xgb.splitThreshold', Float64Array.of(1, Infinity))), 'xgb.splitThreshold[1] must be finite, found Infinity'],
    ['a child that is its own parent', changed(withArray('xgb.nodeRight', Int32Array.of(0, -3, -2))), 'xgb, tree 0, node 0: a child must be a later node below 2 or a leaf ~0 to ~2, found -1 and 0'],
    ['a leaf that is not there', changed(withArray('xgb.nodeLeft', Int32Array.of(-1, -4, -1))), 'xgb, tree 0, node 1: a child must be a later node below 2 or a leaf ~0 to ~2, found -4 and -3'],
    ['a split that is not there', changed(withArray('xgb.nodeSplit', Uint16Array.of(0, 1, 2))), 'xgb, node 2 of all must have a split below 2, found 2'],
    ['a feature that is not there', changed(withArray('xgb.splitFeature', Uint8Array.of(10, 56))), 'xgb, split 1 must be on a feature below 56, found 56'],
  ])('is refused as %s', (_, content, words) => {
    writeFileSync(path, content);
    expect(() => readEnsembleFile(path)).toThrow(DatasetError);
    expect(() => readEnsembleFile(path)).toThrow(words);
  });

  it('is refused where it cannot be read', () => expect(() => readEnsembleFile(folder)).toThrow(/the tree ensembles' file .* must be readable, got EISDIR/));
});
