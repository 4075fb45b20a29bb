--[[
Appends one batch of transitions, unless it was appended already, the actor's lease is another's, or there is no room.

Room: appended - ingested + count <= bound (transitions), and retained bytes <= maxRetainedBytes. An actor that was refused
holds a ticket; `count` transitions of room are kept free for each actor with an earlier ticket, so that a fast actor cannot
overtake one that waits. When nothing is outstanding every batch is admitted. Tickets of actors that missed eight drain
signals are dropped: they are dead.

KEYS 1 transitions  stream
     2 counters     hash
     3 sequences    hash, incarnation -> last sequence
     4 actors       hash, actor id -> "incarnation:base:count:expiryMs:holder"
     5 waiters      sorted set, actor id by ticket
     6 waiterSeen   sorted set, actor id by drain generation
ARGV 1 bytes  2 count  3 actor id  4 incarnation  5 sequence  6 bound  7 maxRetainedBytes
     8 lockstep: where the environments stand after the batch; empty otherwise

Returns {status, appended, generation}
  status 1 appended, 2 appended before, 0 refused: no room, -1 the lease is gone
]]
local transitions, counters, sequences, actors, waiters, waiterSeen = unpack(KEYS)
local bytes, count, actor, incarnation, sequence = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local bound, maxRetainedBytes = tonumber(ARGV[6]), tonumber(ARGV[7])
local walk = ARGV[8]

local state = redis.call('HMGET', counters, 'appended', 'ingested', 'appendedBytes', 'trimmedBytes', 'generation')
local appended, ingested = tonumber(state[1]) or 0, tonumber(state[2]) or 0
local appendedBytes, trimmedBytes = tonumber(state[3]) or 0, tonumber(state[4]) or 0
local generation = tonumber(state[5]) or 0

local last = redis.call('HGET', sequences, incarnation)
if last and sequence <= tonumber(last) then return {2, appended, generation} end

local lease = redis.call('HGET', actors, actor)
if not lease or string.match(lease, '^%d+') ~= incarnation then return {-1, appended, generation} end

local outstanding = appended - ingested
local ahead = redis.call('ZRANK', waiters, actor)
local waits = ahead and true or false
if not ahead then ahead = redis.call('ZCARD', waiters) end
local hasRoom = outstanding <= 0 or outstanding + (ahead + 1) * count <= bound
if not hasRoom or appendedBytes - trimmedBytes + #bytes + #walk > maxRetainedBytes then
  if not waits then redis.call('ZADD', waiters, redis.call('HINCRBY', counters, 'tickets', 1), actor) end
  redis.call('ZADD', waiterSeen, generation, actor)
  redis.call('HSET', counters, 'signalled', 0)
  return {0, appended, generation}
end

if waits then
  redis.call('ZREM', waiters, actor)
  redis.call('ZREM', waiterSeen, actor)
end
appended = redis.call('HINCRBY', counters, 'appended', count)
appendedBytes = redis.call('HINCRBY', counters, 'appendedBytes', #bytes + #walk)
redis.call('HSET', sequences, incarnation, ARGV[5])
local fields = {'b', bytes, 't', appended, 's', appendedBytes}
if walk ~= '' then
  fields[7], fields[8] = 'a', walk
end
redis.call('XADD', transitions, '*', unpack(fields))
return {1, appended, generation}
