--[[
Lockstep: says what the actor is to do next, unless that was said already. The weights to act with must be the ones that the
pointer shows, so that the actor finds them.

KEYS 1 learnerToken  2 weightPointer  3 turns (stream of one entry)
ARGV 1 token  2 weight version  3 turn: transitions the learner has received  4 where the environments stand, or empty
     5 "1" says it again also where it stands there: the answer to it was refused

Returns {1} said, {2} it stands there, {-1} the weights are not there, or {0, newest token}
]]
local learnerToken, pointer, turns = unpack(KEYS)
local newest = redis.call('GET', learnerToken)
if newest ~= ARGV[1] then return {0, tonumber(newest) or 0} end
local weights = redis.call('HMGET', pointer, 'token', 'version')
if weights[1] ~= ARGV[1] or weights[2] ~= ARGV[2] then return {-1} end

local last = redis.call('XREVRANGE', turns, '+', '-', 'COUNT', 1)[1]
if last and ARGV[5] ~= '1' then
  local fields = last[2]
  if fields[2] == ARGV[1] and fields[4] == ARGV[2] and fields[6] == ARGV[3] then return {2} end
end
redis.call('XADD', turns, 'MAXLEN', 1, '*', 'k', ARGV[1], 'v', ARGV[2], 'i', ARGV[3], 'a', ARGV[4])
return {1}
