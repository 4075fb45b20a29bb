/** @file Connects to the address given, pings, and tells its parent the answer: for settings that a process takes at its start. */
import { connectRedis } from '../../../shared/redis/client.js';

const client = await connectRedis({ url: process.argv[2] ?? '', name: 'pinger' });
const answer = await client.run((redis) => redis.ping());
await client.close();
process.send?.(answer, undefined, {}, () => process.disconnect());
