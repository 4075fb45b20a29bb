/**
 * @file Where the benchmarks' files come from: the catalogue behind `archwalk data`. Checksums are those of the copies that archwalk's
 * tests read; where none was ever published or seen, it is null, and the first download pins it in the data folder.
 */
import { closest } from 'fastest-levenshtein';
import { ConfigError } from '../../../shared/errors.js';

export interface DataFile {
  /** Path in the data folder. */
  readonly path: string;
  /** Null where the file must be fetched by hand; `how` then says from where. */
  readonly url: string | null;
  readonly how?: string;
  /** Bytes at the source; null where only about how many is known. */
  readonly sizeBytes: number | null;
  /** e.g. "about 499 MB". */
  readonly about: string;
  /** SHA-256 of the file as the source serves it; null where unknown. */
  readonly sha256: string | null;
  /** The source serves it plain and it is kept as .gz. */
  readonly gzip?: boolean;
}

export interface DataSource {
  /** What `archwalk data get` calls it. */
  readonly name: string;
  readonly what: string;
  readonly licence: string;
  readonly files: readonly DataFile[];
}

const NASBENCH = 'https://storage.googleapis.com/nasbench';
const ECNAS = 'https://github.com/PedramBakh/EC-NAS-Bench/raw/13e373ead9d5c1fa177de1c1217b0cd9d8739aac/ecnas/ecnas/utils/data/tabular_benchmarks';
const NASGRAPH = 'https://github.com/Zhenhan-Huang/NASGraph-Public/raw/cd95bdbfd907f7fe521f4fed6e7c870772c3f8b5/data';

const NASBENCH201_TABLES = [
  ['cifar10', 2_383_893, 'c82e70b5ffb0dba0f09d88ecc8df5a6d3ce8da8a99ad223285104f4537314033'],
  ['cifar100', 2_427_026, '87a42005d7005fdb5e4a938ed83dd306d907523f23e70af907dfd276dd5fe35d'],
  ['ImageNet16-120', 2_540_708, 'f5225573584977b283f473b0ded7fe51ae599a67063b3bd02b18de36b29fcd6b'],
] as const;

/** Every source, in the order of `archwalk data list`. */
export const DATA_SOURCES: readonly DataSource[] = [
  {
    name: 'nasbench101',
    what: 'NAS-Bench-101, 423,624 cells, 108 epochs, 3 repeats (google-research/nasbench)',
    licence: 'Apache-2.0',
    files: [{ path: 'nasbench101/nasbench_only108.tfrecord', url: `${NASBENCH}/nasbench_only108.tfrecord`, sizeBytes: null, about: 'about 499 MB', sha256: null }],
  },
  {
    name: 'nasbench101-full',
    what: 'NAS-Bench-101 with 4, 12, 36 and 108 epochs (google-research/nasbench)',
    licence: 'Apache-2.0',
    files: [{ path: 'nasbench101/nasbench_full.tfrecord', url: `${NASBENCH}/nasbench_full.tfrecord`, sizeBytes: null, about: 'about 1.95 GB', sha256: null }],
  },
  {
    name: 'nasbench101-ecnas',
    what: "NAS-Bench-101's 2,532 cells of at most 5 vertices, EC-NAS-Bench's own 4-epoch trainings",
    licence: 'MIT',
    files: [
      {
        path: 'nasbench101/ecnas_energy_5V9E.tfrecord',
        url: `${ECNAS}/energy_5V9E.tfrecord`,
        sizeBytes: 2_136_916,
        about: '2.1 MB',
        sha256: '0be8df1e21dac4e7a927ee13823fb3f30fd900f8dee2a41f1572319e8af702cc',
      },
    ],
  },
  {
    name: 'nasbench201',
    what: 'NAS-Bench-201, 15,625 cells, 200 epochs, three data sets, flattened (NASGraph)',
    licence: 'Apache-2.0',
    files: NASBENCH201_TABLES.map(([dataset, sizeBytes, sha256]) => ({
      path: `nasbench201/nasbench201_${dataset}.csv.gz`,
      url: `${NASGRAPH}/nasbench201_${dataset}.csv`,
      sizeBytes,
      about: '2.4 MB, kept packed in 0.4 MB',
      sha256,
      gzip: true,
    })),
  },
  {
    name: 'nasbench301',
    what: "YAHPO Gym's surrogate of NAS-Bench-301 (the embedded surrogate needs no file)",
    licence: 'Apache-2.0',
    files: [
      {
        path: 'nasbench301/yahpo_surrogate_v1.onnx',
        url: null,
        how: 'take the NAS-Bench-301 surrogate (nb301/, the ONNX file of this size and checksum) from the repository github.com/slds-lmu/yahpo_data',
        sizeBytes: 2_578_406,
        about: '2.6 MB',
        sha256: '3c6a6fb3a70998bf6c55883bdc5cc71cff190e1859468d72cc6960b88f06d280',
      },
    ],
  },
  {
    name: 'nasbench301-ensembles',
    what: "NAS-Bench-301's own XGBoost and LightGBM ensembles, v1.0 or v0.9, converted (automl/nasbench301)",
    licence: 'Apache-2.0 (the code; see the models\' page for theirs)',
    files: [
      {
        path: 'nasbench301/ensembles.safetensors',
        url: null,
        how: 'unpack the models of github.com/automl/nasbench301 (v1.0: figshare.com, file 24992018; v0.9: 24693026) and run "archwalk data convert nasbench301 DIR"',
        sizeBytes: null,
        about: 'about 10 bytes a tree node and 4 to 8 a leaf',
        sha256: null,
      },
    ],
  },
];

/** The source of that name. @throws ConfigError with the nearest name and all names */
export function dataSource(name: string): DataSource {
  const known = DATA_SOURCES.map((source) => source.name);
  const found = DATA_SOURCES.find((source) => source.name === name);
  if (found !== undefined) return found;
  throw new ConfigError(`the data set must be one of ${known.join(', ')}, got "${name}". Did you mean "${closest(name, known)}"?`);
}
