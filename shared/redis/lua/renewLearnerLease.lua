--[[
Prolongs the learner's lease, also one that has run out while nobody else took it.

KEYS 1 learnerLease  2 learnerToken
ARGV 1 token  2 holder  3 lifetime in ms

Returns {1, token}, or {0, newest token} if there is a newer one
]]
local learnerLease, learnerToken = unpack(KEYS)
local newest = redis.call('GET', learnerToken)
if newest ~= ARGV[1] then return {0, tonumber(newest) or 0} end
redis.call('SET', learnerLease, ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
return {1, tonumber(newest)}
