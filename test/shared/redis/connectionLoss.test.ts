import { describe, expect, it } from 'vitest';
import { Proxy } from '../../chaos/proxy.js';
import { TransportError } from '../../../shared/errors.js';
import { type RedisClient, connectRedis } from '../../../shared/redis/client.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();

/** A client whose connections the test cuts. */
async function behindProxy<T>(body: (client: RedisClient, proxy: Proxy) => Promise<T>): Promise<T> {
  const proxy = await Proxy.listen(redis.url.slice('unix://'.length));
  const client = await connectRedis({ url: proxy.url, name: 'behind', silentMs: 2_000 });
  try {
    return await body(client, proxy);
  } finally {
    client.abort();
    await proxy.close();
  }
}

describe('connections that are cut', () => {
  it('cost commands, scripts and transactions nothing: every one ends, in a storm of cuts', async () => {
    await behindProxy(async (client, proxy) => {
      const storm = setInterval(() => void proxy.cut(), 7);
      const worker = async (w: number): Promise<void> => {
        for (let i = 0; i < 40; i++) {
          await client.transaction((multi) => multi.set(`t${w}`, i).hset(`h${w}`, String(i), Buffer.alloc(20_000)).pexpire(`h${w}`, 60_000));
          expect(Number(await client.run((r) => r.get(`t${w}`)))).toBe(i);
          await client.script('leaveFetch', [`f${w}`, `d${w}`], ['nobody']);
        }
      };
      const calm = setTimeout(() => clearInterval(storm), 3_000);
      await Promise.all(Array.from({ length: 8 }, (_, w) => worker(w)));
      clearInterval(storm);
      clearTimeout(calm);
      expect(client.reconnects).toBeGreaterThan(3);
    });
  });

  it('a wait that is ended while its connection is away fails at once', async () => {
    await behindProxy(async (client, proxy) => {
      const waiting = await client.forBlocking('wait');
      const wait = waiting.run((r) => r.xread('BLOCK', 20_000, 'STREAMS', 'never', '0-0'));
      const ended = wait.catch((error: unknown) => error);
      await client.pingMs();
      await proxy.close();
      // Both connections are gone and none can be made.
      const pending = client.run((r) => r.get('x'));
      const alsoEnded = pending.catch((error: unknown) => error);
      waiting.abort();
      expect(await ended).toBeInstanceOf(TransportError);
      await client.close();
      expect(await alsoEnded).toBeInstanceOf(TransportError);
      await expect(client.run((r) => r.get('x'))).rejects.toThrow('ended on this side');
    });
  });
});
