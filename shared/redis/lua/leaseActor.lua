--[[
Leases the lowest free actor id and the lowest free block of environment slots, after dropping the leases that have run out.
The incarnation grows with every lease: at least the server's clock in ms, so also after Redis lost its data.
Sequence numbers of incarnations that began over a day ago and hold no lease are forgotten once there are many.

KEYS 1 actors        hash, actor id -> "incarnation:base:count:expiryMs:holder"
     2 incarnations  newest incarnation
     3 sequences     hash, incarnation -> last sequence
ARGV 1 holder  2 slots wanted  3 lifetime in ms

Returns {actor id, incarnation, base slot}
]]
local actors, incarnations, sequences = unpack(KEYS)
local wanted = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local all = redis.call('HGETALL', actors)
local taken, blocks, living = {}, {}, {}
for i = 1, #all, 2 do
  local incarnation, base, count, expiry = string.match(all[i + 1], '^(%d+):(%d+):(%d+):(%d+):')
  if tonumber(expiry) <= now then
    redis.call('HDEL', actors, all[i])
  else
    taken[tonumber(all[i])] = true
    living[incarnation] = true
    blocks[#blocks + 1] = {tonumber(base), tonumber(base) + tonumber(count)}
  end
end
local id = 0
while taken[id] do id = id + 1 end
table.sort(blocks, function(a, b) return a[1] < b[1] end)
local base = 0
for _, block in ipairs(blocks) do
  if base + wanted <= block[1] then break end
  base = math.max(base, block[2])
end

local incarnation = math.max((tonumber(redis.call('GET', incarnations)) or 0) + 1, now)
local text = string.format('%.0f', incarnation)
redis.call('SET', incarnations, text)
redis.call('HSET', actors, id, string.format('%s:%d:%d:%.0f:%s', text, base, wanted, now + tonumber(ARGV[3]), ARGV[1]))
if redis.call('HLEN', sequences) > 4096 then
  for _, old in ipairs(redis.call('HKEYS', sequences)) do
    if not living[old] and tonumber(old) < now - 86400000 then redis.call('HDEL', sequences, old) end
  end
end
return {id, text, base}
