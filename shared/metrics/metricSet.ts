/** @file One role's metrics in a registry of its own: those of the catalogue, Redis reconnects, and the process defaults. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { InvariantError } from '../errors.js';
import { type MetricDefinition, type MetricKey, type Role, catalogue, redisReconnectsName } from './catalogue.js';

export class MetricSet {
  readonly registry = new Registry();
  readonly #metrics = new Map<MetricKey, Counter | Gauge | Histogram>();
  readonly #reconnects: Counter;

  constructor(role: Role) {
    for (const [key, definition] of Object.entries(catalogue) as [MetricKey, MetricDefinition][]) {
      if (definition.role === role) this.#metrics.set(key, this.#create(definition));
    }
    this.#reconnects = new Counter({ name: redisReconnectsName(role), help: 'Connections to Redis made again after a loss.', registers: [this.registry] });
    collectDefaultMetrics({ register: this.registry, prefix: `archwalk_${role}_` });
  }

  /** Adds to a counter. @throws InvariantError if the key is no counter of this role */
  add(key: MetricKey, amount = 1, label?: string): void {
    const metric = this.#metrics.get(key);
    if (!(metric instanceof Counter)) throw new InvariantError(`a counter of this role was required, got ${key}`);
    metric.inc(this.#labels(key, label), amount);
  }

  /** Sets a gauge. @throws InvariantError if the key is no gauge of this role */
  set(key: MetricKey, value: number, label?: string): void {
    const metric = this.#metrics.get(key);
    if (!(metric instanceof Gauge)) throw new InvariantError(`a gauge of this role was required, got ${key}`);
    metric.set(this.#labels(key, label), value);
  }

  /** Observes a duration in seconds. @throws InvariantError if the key is no histogram of this role */
  observe(key: MetricKey, seconds: number, label?: string): void {
    const metric = this.#metrics.get(key);
    if (!(metric instanceof Histogram)) throw new InvariantError(`a histogram of this role was required, got ${key}`);
    metric.observe(this.#labels(key, label), seconds);
  }

  reconnected(): void {
    this.#reconnects.inc();
  }

  #labels(key: MetricKey, value: string | undefined): Record<string, string> {
    const { label }: MetricDefinition = catalogue[key];
    if (label === undefined && value === undefined) return {};
    if (label === undefined || value === undefined || !label.values.includes(value)) {
      throw new InvariantError(`the label of ${key} must be ${label === undefined ? 'absent' : `one of ${label.values.join(', ')}`}, got ${String(value)}`);
    }
    return { [label.name]: value };
  }

  #create(definition: MetricDefinition): Counter | Gauge | Histogram {
    const common = { name: definition.name, help: definition.help, labelNames: definition.label === undefined ? [] : [definition.label.name], registers: [this.registry] };
    switch (definition.kind) {
      case 'counter':
        return new Counter(common);
      case 'gauge':
        return new Gauge(common);
      case 'histogram':
        return new Histogram({ ...common, buckets: [...(definition.buckets ?? [])] });
    }
  }
}
