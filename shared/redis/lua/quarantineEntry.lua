--[[
Copies a refused entry, cut to a bound, to the quarantine stream under the entry's own id, with the reason. An entry that is
there already, or was and has been pushed out by later ones, is not counted again, so a learner that reads it anew after a
restart does no harm. The entry itself goes when the stream is trimmed.

KEYS 1 learnerToken  2 counters  3 quarantine
ARGV 1 token  2 entry id  3 reason  4 size in bytes  5 bytes (cut)  6 most entries kept

Returns {1, quarantined so far}, {2, quarantined so far} if it was there, or {0, newest token}
]]
local learnerToken, counters, quarantine = unpack(KEYS)
local newest = redis.call('GET', learnerToken)
if newest ~= ARGV[1] then return {0, tonumber(newest) or 0} end

local added = redis.pcall('XADD', quarantine, 'MAXLEN', ARGV[6], ARGV[2], 'reason', ARGV[3], 'size', ARGV[4], 'bytes', ARGV[5])
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'equal or smaller', 1, true) then return redis.error_reply(added.err) end
  return {2, tonumber(redis.call('HGET', counters, 'quarantined')) or 0}
end
return {1, redis.call('HINCRBY', counters, 'quarantined', 1)}
