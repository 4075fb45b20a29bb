--[[
Points readers at a version whose chunks are all there, and tells them. The chunks of the version before stay for a while,
for those in the middle of a fetch.

KEYS 1 learnerToken  2 weightPointer  3 chunks of this version  4 chunks of the version pointed at now, or this version's
ARGV 1 token  2 version  3 bytes  4 chunks  5 checksum  6 lifetime of the old chunks in ms  7 channel

Returns {1, published at (server's clock, ms)}, {-1, chunks there} if some are missing, or {0, newest token}
]]
local learnerToken, pointer, chunks, old = unpack(KEYS)
local newest = redis.call('GET', learnerToken)
if newest ~= ARGV[1] then return {0, tonumber(newest) or 0} end
local there = redis.call('HLEN', chunks)
if there ~= tonumber(ARGV[4]) then return {-1, there} end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('PERSIST', chunks)
if old ~= chunks then redis.call('PEXPIRE', old, ARGV[6]) end
redis.call('HSET', pointer, 'token', ARGV[1], 'version', ARGV[2], 'bytes', ARGV[3], 'chunks', ARGV[4], 'checksum', ARGV[5], 'publishedMs', now)
redis.call('PUBLISH', ARGV[7], ARGV[1] .. '-' .. ARGV[2])
return {1, now}
