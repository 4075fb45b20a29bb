/** @file `archwalk doctor`: what archwalk stands on here, each finding with its remedy. */
import pc from 'picocolors';
import { type Environment, readEnvironment } from '../../../shared/config/environment.js';
import { EXIT } from '../../../shared/errors.js';
import { dataFindings } from '../doctor/dataFindings.js';
import { engineFindings } from '../doctor/engineFindings.js';
import { type Finding, type FindingStatus } from '../doctor/finding.js';
import { redisFindings } from '../doctor/redisFindings.js';
import { diskFinding, memoryFinding, nodeFinding, packagesFinding, platformFinding } from '../doctor/systemFindings.js';

export interface DoctorOptions {
  /** Print `{findings: [{check, status, found, remedy?}], failed, warnings}` instead of lines. */
  readonly json: boolean;
}

const COLOURS: Readonly<Record<FindingStatus, (text: string) => string>> = { ok: pc.green, warning: pc.yellow, failed: pc.red };

/** Looks at everything and prints it on stdout. @returns 1 where something failed, else 0 */
export async function doctor(options: DoctorOptions): Promise<number> {
  const findings = await examine(readEnvironment());
  process.stdout.write(options.json ? `${JSON.stringify(summarize(findings), null, 2)}\n` : render(findings));
  return findings.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.done;
}

/** All findings, in the order in which a reader needs them. */
export async function examine({ redisUrl, dataFolder, runsFolder }: Pick<Environment, 'redisUrl' | 'dataFolder' | 'runsFolder'>): Promise<Finding[]> {
  const system = [nodeFinding(process.versions.node), platformFinding(process.platform, process.arch), packagesFinding(), memoryFinding()];
  const engine = await engineFindings();
  const redis = await redisFindings(redisUrl);
  const data = await dataFindings(dataFolder);
  return [...system, ...engine, ...redis, ...data, diskFinding('runs', runsFolder), diskFinding('data', dataFolder)];
}

function count(findings: readonly Finding[], status: FindingStatus): number {
  return findings.filter((finding) => finding.status === status).length;
}

function summarize(findings: readonly Finding[]): object {
  return { findings, failed: count(findings, 'failed'), warnings: count(findings, 'warning') };
}

/** One line a finding, its remedy under it, and the sum. */
export function render(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, status, found, remedy }) => [
    `${COLOURS[status](status.padEnd(7))}  ${check.padEnd(width)}  ${found}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(width + 11)}→ ${remedy}`]),
  ]);
  const failures = count(findings, 'failed');
  const warnings = count(findings, 'warning');
  const sum = failures > 0 ? `${failures} failed, ${warnings} warnings: archwalk does not work here yet.` : `Nothing failed, ${warnings} warnings.`;
  return `${lines.join('\n')}\n\n${sum}\n`;
}
