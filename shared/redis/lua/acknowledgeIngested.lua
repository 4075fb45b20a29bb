--[[
The learner has taken every entry up to one: room for producers. Signals `drain` once at or below the low-water mark if any
actor was refused since the last signal. Safe to repeat: the counter only grows, and never past what was appended.

KEYS 1 learnerToken  2 counters  3 drain  4 waiters  5 waiterSeen
ARGV 1 token  2 transitions appended up to and with the entry  3 low-water mark (transitions)

Returns {1, outstanding}, or {0, newest token} if the token is not the newest
]]
local learnerToken, counters, drain, waiters, waiterSeen = unpack(KEYS)
local newest = redis.call('GET', learnerToken)
if newest ~= ARGV[1] then return {0, tonumber(newest) or 0} end

local state = redis.call('HMGET', counters, 'appended', 'ingested', 'signalled', 'generation')
local appended, ingested = tonumber(state[1]) or 0, tonumber(state[2]) or 0
local reached = math.min(tonumber(ARGV[2]), appended)
if reached > ingested then
  ingested = reached
  redis.call('HSET', counters, 'ingested', ingested)
end
local outstanding = appended - ingested
if outstanding <= tonumber(ARGV[3]) and state[3] ~= '1' and redis.call('EXISTS', waiters) == 1 then
  local generation = (tonumber(state[4]) or 0) + 1
  redis.call('HSET', counters, 'generation', generation, 'signalled', 1)
  local dead = redis.call('ZRANGEBYSCORE', waiterSeen, '-inf', generation - 9)
  for _, actor in ipairs(dead) do
    redis.call('ZREM', waiters, actor)
    redis.call('ZREM', waiterSeen, actor)
  end
  redis.call('XADD', drain, 'MAXLEN', 1, generation .. '-1', 'o', outstanding)
end
return {1, outstanding}
