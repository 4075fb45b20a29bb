--[[
Deletes the entries up to and with one id: a durable checkpoint covers them. Signals `drain` if actors wait, for retained
bytes may have been what kept them out.

KEYS 1 learnerToken  2 counters  3 transitions  4 drain  5 waiters
ARGV 1 token  2 last id to delete  3 the first id after it

Returns {1, entries deleted, retained bytes}, or {0, newest token, 0} if the token is not the newest
]]
local learnerToken, counters, transitions, drain, waiters = unpack(KEYS)
local newest = redis.call('GET', learnerToken)
if newest ~= ARGV[1] then return {0, tonumber(newest) or 0, 0} end

local through = redis.call('XREVRANGE', transitions, ARGV[2], '-', 'COUNT', 1)[1]
if through then
  local fields = through[2]
  for i = 1, #fields, 2 do
    if fields[i] == 's' and tonumber(fields[i + 1]) then redis.call('HSET', counters, 'trimmedBytes', fields[i + 1]) end
    if fields[i] == 't' and tonumber(fields[i + 1]) then redis.call('HSET', counters, 'trimmed', fields[i + 1]) end
  end
  redis.call('HSET', counters, 'trimmedThrough', through[1])
end
local deleted = redis.call('XTRIM', transitions, 'MINID', ARGV[3])
local state = redis.call('HMGET', counters, 'appendedBytes', 'trimmedBytes', 'generation', 'signalled')
if deleted > 0 and state[4] ~= '1' and redis.call('EXISTS', waiters) == 1 then
  local generation = (tonumber(state[3]) or 0) + 1
  redis.call('HSET', counters, 'generation', generation, 'signalled', 1)
  redis.call('XADD', drain, 'MAXLEN', 1, generation .. '-1', 'o', 0)
end
return {1, deleted, (tonumber(state[1]) or 0) - (tonumber(state[2]) or 0)}
