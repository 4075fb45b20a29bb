--[[
Prolongs an actor's lease, also one that has run out while nobody took its place.

KEYS 1 actors  hash, actor id -> "incarnation:base:count:expiryMs:holder"
ARGV 1 actor id  2 incarnation  3 lifetime in ms

Returns 1, or 0 if the lease is another's or gone
]]
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease then return 0 end
local incarnation, base, count, holder = string.match(lease, '^(%d+):(%d+):(%d+):%d+:(.*)$')
if incarnation ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local expiry = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s:%s:%s:%.0f:%s', incarnation, base, count, expiry, holder))
return 1
