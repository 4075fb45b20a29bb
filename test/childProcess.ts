/**
 * @file Runs a TypeScript program of the tests in a process of its own, so that it can be killed: the program and what it imports
 * are transpiled into a temporary package that borrows this one's node_modules and Lua scripts.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../shared/paths.js';

export interface ProgramFolder {
  /** The program's file, for those who start it in their own way. */
  readonly script: string;
  /** Starts the program with `environment` added to this process's; its messages and exit are the test's to await. */
  start(environment: Readonly<Record<string, string>>, ...args: readonly string[]): ChildProcess;
  remove(): void;
}

/** @param program path of the program from the package's root, e.g. `test/shared/checkpoint/writer.ts` */
export function prepareProgram(program: string): ProgramFolder {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-program-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  transpile(program, folder, new Set());
  const lua = join(folder, 'shared', 'redis', 'lua');
  if (existsSync(dirname(lua))) symlinkSync(join(packageRoot, 'shared', 'redis', 'lua'), lua);
  const script = join(folder, program.replace(/\.ts$/, '.js'));
  return {
    script,
    start: (environment, ...args) => fork(script, args, { execArgv: [], env: { ...process.env, ...environment }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function transpile(source: string, folder: string, done: Set<string>): void {
  if (done.has(source)) return;
  done.add(source);
  const text = readFileSync(join(packageRoot, source), 'utf8');
  const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true } });
  const target = join(folder, source.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
  for (const [, specifier = ''] of outputText.matchAll(/from '(\.{1,2}\/[^']+)\.js'/g)) {
    transpile(relative(packageRoot, join(packageRoot, dirname(source), `${specifier}.ts`)), folder, done);
  }
}
