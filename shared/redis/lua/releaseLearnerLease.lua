--[[
Gives the learner's lease back. The token stays used.

KEYS 1 learnerLease
ARGV 1 token  2 holder

Returns 1 if it was held, else 0
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ':' .. ARGV[2] then return 0 end
return redis.call('DEL', KEYS[1])
