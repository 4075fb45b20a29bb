/** @file /metrics, /healthz and /readyz of a role over HTTP; bound to loopback unless the configuration says otherwise. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricSet } from './metricSet.js';

export interface Health {
  /** Null if healthy, else why not: no progress for a bounded time. */
  unhealthy(): string | null;
  /** Null if ready, else what is missing: Redis, weights. */
  unready(): string | null;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveMetrics(metrics: MetricSet, health: Health, { host, port }: { host: string; port: number }): Promise<MetricsServer> {
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    const state = (reason: string | null): void => answer(reason === null ? 200 : 503, `${reason ?? 'ok'}\n`);
    switch (request.url) {
      case '/metrics':
        metrics.registry.metrics().then(
          (text) => answer(200, text, metrics.registry.contentType),
          (error: unknown) => answer(500, `${String(error)}\n`),
        );
        return;
      case '/healthz':
        return state(health.unhealthy());
      case '/readyz':
        return state(health.unready());
      default:
        answer(404, 'this address answers /metrics, /healthz and /readyz\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
