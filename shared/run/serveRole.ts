/** @file Serves a role's metrics and health where the configuration gives a port. */
import type { Config } from '../config/schema.js';
import type { Closing } from '../lifecycle.js';
import type { MetricSet } from '../metrics/metricSet.js';
import { type Health, serveMetrics } from '../metrics/server.js';

/** Does nothing where metrics.port is 0. */
export async function serveRole(metrics: MetricSet, { metrics: { host, port } }: Config, health: Health, closing: Closing): Promise<void> {
  if (port === 0) return;
  const server = await serveMetrics(metrics, health, { host, port });
  closing.add('the metrics server', () => server.close());
}
