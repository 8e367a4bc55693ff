-- Takes the lease, if nobody has it, or its end has passed, or it has the epoch to be taken over.
-- The epoch is the time, in microseconds: so none comes twice, whatever the server may forget.
-- KEYS: lease. ARGV: holder, time (ms), the epoch to be taken over or nothing.
if follows() then
    return {'replica', false, false}
end
local micros = clock()
local now = math.floor(micros / 1000)
local lease = redis.call('HMGET', KEYS[1], 'epoch', 'holder', 'ends')
local epoch, holder, ends = lease[1], lease[2], tonumber(lease[3] or 0)
if holder and ends > now and epoch ~= ARGV[3] then
    return {'held', epoch, holder}
end
epoch = string.format('%.0f', math.max(tonumber(epoch or 0) + 1, micros))
ends = string.format('%.0f', now + ARGV[2])
redis.call('HSET', KEYS[1], 'epoch', epoch, 'holder', ARGV[1], 'ends', ends)
redis.call('PERSIST', KEYS[1])
return {'done', epoch, false}
