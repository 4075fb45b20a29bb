--[[
Gives an actor's id and slots back, and its ticket if it was waiting for room. Its last sequence number stays, for a batch
that is sent twice.

KEYS 1 actors  2 waiters
ARGV 1 actor id  2 incarnation

Returns 1 if it was held, else 0
]]
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or string.match(lease, '^%d+') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
