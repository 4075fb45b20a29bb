--[[
Gives one of a few permits to fetch weights; permits of readers that died run out.

KEYS 1 fetchers   sorted set, reader by the ms its permit ends
     2 fetchDone  stream of one entry: a permit came back
ARGV 1 reader  2 permits  3 lifetime in ms

Returns {1, "0-0"}, or {0, last id of fetchDone, ms until the next permit runs out}
]]
local fetchers, fetchDone = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', fetchers, '-inf', now)
if redis.call('ZSCORE', fetchers, ARGV[1]) or redis.call('ZCARD', fetchers) < tonumber(ARGV[2]) then
  redis.call('ZADD', fetchers, now + tonumber(ARGV[3]), ARGV[1])
  return {1, '0-0'}
end
local last = redis.call('XREVRANGE', fetchDone, '+', '-', 'COUNT', 1)[1]
local first = redis.call('ZRANGE', fetchers, 0, 0, 'WITHSCORES')
return {0, last and last[1] or '0-0', math.max(1, tonumber(first[2]) - now)}
