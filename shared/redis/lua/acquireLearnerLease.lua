--[[
Makes `holder` the run's learner under a new fencing token, unless another's lease is alive. The same holder asking again
gets the token it has.

KEYS 1 learnerLease  string "token:holder" with a lifetime
     2 learnerToken  newest token given
ARGV 1 holder  2 lifetime in ms  3 the new token exceeds this (highest token among the checkpoints)

Returns {1, token}, or {0, ms until the other's lease ends, "token:holder"}
]]
local learnerLease, learnerToken = unpack(KEYS)
local lease = redis.call('GET', learnerLease)
local newest = tonumber(redis.call('GET', learnerToken)) or 0
if lease then
  local token, holder = string.match(lease, '^(%d+):(.*)$')
  if holder ~= ARGV[1] then return {0, redis.call('PTTL', learnerLease), lease} end
  if tonumber(token) == newest then
    redis.call('PEXPIRE', learnerLease, ARGV[2])
    return {1, newest}
  end
end
newest = math.max(newest, tonumber(ARGV[3])) + 1
redis.call('SET', learnerToken, newest)
redis.call('SET', learnerLease, newest .. ':' .. ARGV[1], 'PX', ARGV[2])
return {1, newest}
