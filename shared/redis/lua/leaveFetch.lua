--[[
Gives a permit to fetch weights back and wakes those that wait for one.

KEYS 1 fetchers  2 fetchDone
ARGV 1 reader

Returns 1 if it was held, else 0
]]
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', 1, '*', 'r', '')
return 1
