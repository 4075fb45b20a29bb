/**
 * @file Loader hooks (run by Node in a thread of their own) by which a user's TypeScript module can be imported: types are taken out as
 * it is loaded, nothing is checked. `./other.js` finds `./other.ts` where only that is there, as TypeScript's own resolution does.
 */
import { readFile } from 'node:fs/promises';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const typescriptUrl = /^file:.*\.m?ts$/;

/** The module's JavaScript. @throws SyntaxError with the line where it is no TypeScript */
export function withoutTypes(text: string, path: string): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, inlineSourceMap: true, inlineSources: true },
  });
  const [first] = diagnostics;
  if (first === undefined) return outputText;
  const line = first.file === undefined || first.start === undefined ? 1 : first.file.getLineAndCharacterOfPosition(first.start).line + 1;
  throw new SyntaxError(`line ${line}: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`);
}

export const load: LoadHook = async (url, context, nextLoad) => {
  if (!typescriptUrl.test(url)) return nextLoad(url, context);
  const path = fileURLToPath(url);
  return { format: 'module', shortCircuit: true, source: withoutTypes(await readFile(path, 'utf8'), path) };
};

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    const fromTypescript = typescriptUrl.test(context.parentURL ?? '') && /^\.{1,2}\/.*\.m?js$/.test(specifier);
    if (!fromTypescript || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return nextResolve(specifier.replace(/js$/, 'ts'), context);
  }
};
