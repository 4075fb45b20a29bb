/** @file The health check of a container: exits 0 where the role answers /readyz (or the path given) with 200, else says why not and exits 1. */
const path = process.argv[2] ?? '/readyz';
try {
  const response = await fetch(`http://127.0.0.1:9464${path}`, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`no answer: ${String(error)}\n`);
  process.exitCode = 1;
}
