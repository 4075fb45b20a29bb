/** @file The finished evaluations of one search by query number: what a search is resumed from. In memory here; `Ledger` keeps it on disk. */
import type { ArchitectureJson } from '../benchmarks/types.js';

export interface HistoryEntry {
  /** From 1, the start. */
  readonly query: number;
  readonly id: string;
  readonly architecture: ArchitectureJson;
  /** Fraction. */
  readonly validationAccuracy: number;
}

export class MemoryHistory {
  readonly #entries = new Map<number, HistoryEntry>();

  /** What is known of a query; undefined where it was not finished. */
  entry(query: number): HistoryEntry | undefined {
    return this.#entries.get(query);
  }

  /** All finished evaluations by query. */
  entries(): HistoryEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.query - b.query);
  }

  /** Adds one finished evaluation; it is kept when this returns. */
  append(entry: HistoryEntry): void {
    this.#entries.set(entry.query, entry);
  }
}
