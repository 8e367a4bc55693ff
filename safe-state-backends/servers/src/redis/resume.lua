-- Takes the lease up again on a new connection, by a new epoch, if the epoch is the one that was found.
-- KEYS: lease. ARGV: epoch, holder, time (ms), whether none can have taken it ('1'), the epoch found.
if follows() then
    return {'replica', false, false}
end
local micros = clock()
local lease = redis.call('HMGET', KEYS[1], 'epoch', 'holder')
local epoch, claimed = tonumber(lease[1] or 0), tonumber(ARGV[1])
if (lease[1] or '') ~= ARGV[5] then
    return {'moved', false, false}
end
if lease[2] ~= ARGV[2] then
    if epoch >= claimed then
        return {'lost', false, lease[2]}
    end
    if ARGV[4] ~= '1' then
        return {'forgotten', false, false}
    end
end
epoch = string.format('%.0f', math.max(epoch + 1, claimed + 1, micros))
local ends = string.format('%.0f', math.floor(micros / 1000) + ARGV[3])
redis.call('HSET', KEYS[1], 'epoch', epoch, 'holder', ARGV[2], 'ends', ends)
return {'done', epoch, false}
