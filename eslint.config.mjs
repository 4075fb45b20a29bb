/**
 * @file Lint rules: typescript-eslint's strict typed set, and the architecture: who may import whom, and the one home of the process
 * environment, randomness, the clock, Redis connections and TensorFlow.
 */
import vitest from '@vitest/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** For each folder of shared/ but run/ and api/ (which join all of them for the services and for programs), what it may import from outside itself: folders, single files of shared/, or `mdp/types` for one file of a folder. */
const MAY_IMPORT = {
  benchmarks: ['errors', 'rng', 'paths'],
  mdp: ['errors', 'rng', 'benchmarks'],
  replay: ['errors', 'rng', 'mdp/types'],
  search: ['errors', 'rng', 'benchmarks', 'mdp'],
  engine: ['errors', 'rng', 'paths', 'metrics/runLog'],
  agent: ['errors', 'rng', 'paths', 'engine', 'mdp/types'],
  wire: ['errors', 'mdp/types', 'agent/types'],
  redis: ['errors', 'rng', 'clock', 'paths', 'logger', 'signal', 'wire', 'mdp/types', 'agent/types'],
  checkpoint: ['errors', 'clock', 'wire', 'mdp/types', 'agent/types'],
  objective: ['errors', 'search', 'benchmarks'],
  report: ['errors', 'rng', 'benchmarks', 'mdp', 'search'],
  metrics: ['errors', 'clock', 'logger', 'signal'],
  config: ['errors', 'rng', 'paths', 'clock'],
};
const FOLDERS = [...Object.keys(MAY_IMPORT), 'run', 'api'];
const FILES = ['errors', 'rng', 'paths', 'clock', 'lifecycle', 'logger', 'signal'];
/** Folders that are pure computation: no Redis, no TensorFlow, no process environment, no clock. */
const PURE = ['benchmarks', 'mdp', 'replay', 'search'];

const RESTRICTED_PROPERTIES = {
  env: { object: 'process', property: 'env', message: 'The process environment is read in shared/config/environment.ts only.' },
  random: { object: 'Math', property: 'random', message: 'Random numbers come from shared/rng.ts, seeded.' },
  now: { object: 'Date', property: 'now', message: 'The clock is read in shared/clock.ts only.' },
};

const RESTRICTED_SYNTAX = {
  date: { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'The clock is read in shared/clock.ts only.' },
  redis: { selector: 'NewExpression[callee.name=/^(Redis|Cluster)$/]', message: 'Connections to Redis are made in shared/redis/client.ts only.' },
  defaultExport: { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
  tensorflow: {
    selector: ':matches(ImportExpression, CallExpression[callee.name="require"]) > Literal[value=/^@tensorflow/]',
    message: 'TensorFlow is loaded in shared/engine/tensorflow.ts only.',
  },
};

const TENSORFLOW_IMPORT = { regex: '^@tensorflow/', message: 'TensorFlow comes from shared/engine/tensorflow.ts (loadTensorflow).' };
const SERVICE_IMPORT = { regex: '^(\\.\\./)+services/', message: 'shared/ knows no service.' };

const restrictProperties = (...without) => ['error', ...Object.entries(RESTRICTED_PROPERTIES).filter(([name]) => !without.includes(name)).map(([, rule]) => rule)];
const restrictSyntax = (...without) => ['error', ...Object.entries(RESTRICTED_SYNTAX).filter(([name]) => !without.includes(name)).map(([, rule]) => rule)];

/** The import rules of one folder of shared/, as patterns over relative paths that leave the folder. */
function folderRules(folder) {
  const allowed = MAY_IMPORT[folder];
  const forbiddenFolders = FOLDERS.filter((name) => name !== folder && !allowed.includes(name)).map((name) => {
    const files = allowed.filter((entry) => entry.startsWith(`${name}/`)).map((entry) => `${entry.slice(name.length + 1)}\\.js$`);
    return files.length === 0 ? `${name}/` : `${name}/(?!${files.join('|')})`;
  });
  const forbiddenFiles = FILES.filter((name) => !allowed.includes(name)).map((name) => `${name}\\.js$`);
  const layer = { regex: `^(\\.\\./)+(${[...forbiddenFolders, ...forbiddenFiles].join('|')})`, message: `shared/${folder} may import only: ${allowed.join(', ')}.` };
  const services = { regex: '^(ioredis|bullmq|pino.*|prom-client|node:(net|http|https|child_process))$', message: `shared/${folder} is pure computation.` };
  return {
    name: `archwalk/imports/${folder}`,
    files: [`shared/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [layer, SERVICE_IMPORT, TENSORFLOW_IMPORT, ...(PURE.includes(folder) ? [services] : [])] }],
      ...(PURE.includes(folder) ? { 'no-restricted-globals': ['error', 'process', 'performance', 'setTimeout', 'setInterval'] } : {}),
    },
  };
}

/** Services never import each other. */
function serviceRules(service, all) {
  const others = all.filter((name) => name !== service);
  return {
    name: `archwalk/imports/services/${service}`,
    files: [`services/${service}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: `^(\\.\\./)+(${others.join('|')})/`, message: 'Services never import each other.' }, TENSORFLOW_IMPORT] }] },
  };
}
const SERVICES = ['actor', 'learner', 'evaluator', 'control', 'cli'];

export default defineConfig(
  globalIgnores(['node_modules/', 'dist/', 'docs/api/', '.deps/', 'runs/', 'coverage/']),
  {
    name: 'archwalk/typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // noUncheckedIndexedAccess makes every read of a typed array possibly undefined; inside its bounds `!` says so at no cost in a hot loop.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Interfaces here are met by closures over plain data as often as by classes; their methods are passed on freely.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' }],
      // A signal's `aborted` changes behind a condition that the compiler has narrowed, and parsed files hold less than their types say.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An interface's method may be asynchronous for one implementation only.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'prefer-const': 'error',
      'no-restricted-properties': restrictProperties(),
      'no-restricted-syntax': restrictSyntax(),
    },
  },
  ...Object.keys(MAY_IMPORT).map(folderRules),
  ...SERVICES.map((service) => serviceRules(service, SERVICES)),

  // The one home of each restricted thing.
  { name: 'archwalk/home/environment', files: ['shared/config/environment.ts'], rules: { 'no-restricted-properties': restrictProperties('env') } },
  { name: 'archwalk/home/clock', files: ['shared/clock.ts'], rules: { 'no-restricted-properties': restrictProperties('now'), 'no-restricted-syntax': restrictSyntax('date') } },
  { name: 'archwalk/home/redis', files: ['shared/redis/client.ts'], rules: { 'no-restricted-syntax': restrictSyntax('redis') } },
  {
    name: 'archwalk/home/tensorflow',
    files: ['shared/engine/tensorflow.ts'],
    rules: { 'no-restricted-properties': restrictProperties('env'), 'no-restricted-syntax': restrictSyntax('tensorflow') },
  },
  {
    name: 'archwalk/scripts',
    files: ['scripts/**/*.ts', 'docs/examples/**/*.ts'],
    rules: { 'no-console': 'off', 'no-restricted-properties': restrictProperties('env') },
  },

  {
    name: 'archwalk/tests',
    files: ['test/**/*.ts'],
    extends: [vitest.configs.recommended],
    rules: {
      'no-console': 'off',
      'no-restricted-properties': restrictProperties('env'),
      'vitest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'assert*', 'fc.assert', '**.assert'] }],
      'vitest/valid-expect': 'error',
      'vitest/no-focused-tests': 'error',
      'vitest/no-disabled-tests': 'error',
      'vitest/valid-title': 'off',
    },
  },
  {
    // dagre's declarations import without extensions, which NodeNext does not resolve: all it exports is untyped.
    name: 'archwalk/dagre',
    files: ['shared/report/cellSvg.ts'],
    rules: Object.fromEntries(['assignment', 'call', 'member-access'].map((name) => [`@typescript-eslint/no-unsafe-${name}`, 'off'])),
  },
  { name: 'archwalk/configs', files: ['*.config.ts'], rules: { 'no-restricted-syntax': restrictSyntax('defaultExport') } },

  {
    name: 'archwalk/setup',
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', performance: 'readonly', console: 'readonly', setInterval: 'readonly', clearInterval: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', Buffer: 'readonly', URL: 'readonly', fetch: 'readonly', AbortSignal: 'readonly' } },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error', 'prefer-const': 'error', eqeqeq: 'error' },
  },
);
