/** @file A TCP proxy in front of Redis' unix socket, whose connections can be cut and slowed. */
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delayMs = 0;

  private constructor(upstream: string) {
    this.#server = createServer((client) => this.#join(client, connect(upstream)));
  }

  /** @param upstream path of a unix socket, which may come and go */
  static async listen(upstream: string): Promise<Proxy> {
    const proxy = new Proxy(upstream);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections at once, in the middle of whatever they carry. @returns how many */
  cut(): number {
    const { size } = this.#sockets;
    for (const socket of this.#sockets) socket.destroy();
    return size;
  }

  /** Each piece of data waits this long before it goes on, in order; 0 is no delay. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Ends all connections and takes no more. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data: Buffer) => this.#pass(data, from, to));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  #pass(data: Buffer, from: Socket, to: Socket): void {
    const delayMs = this.#delayMs;
    if (delayMs > 0) from.pause();
    const send = (): void => {
      if (to.destroyed) return;
      if (!to.write(data)) {
        from.pause();
        to.once('drain', () => from.resume());
      } else from.resume();
    };
    if (delayMs > 0) setTimeout(send, delayMs);
    else send();
  }
}
