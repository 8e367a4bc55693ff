-- What every operation under a lease begins with: it is refused unless the lease is the claim's, and
-- extends it. A server that has forgotten the lease, or remembers an older one, is told of it again,
-- as long as no other run can have taken it.
-- KEYS: lease, and the checkpoint where it matters. ARGV: epoch, holder, time (ms), whether none can have taken it ('1').
local now = math.floor(clock() / 1000)
local lease = redis.call('HMGET', KEYS[1], 'epoch', 'holder')
local epoch, claimed = tonumber(lease[1] or 0), tonumber(ARGV[1])
local known = epoch == claimed and lease[2] == ARGV[2]
local done = known and 'done' or 'restored'
if epoch >= claimed and not known then
    return {'lost', false, lease[2]}
end
if not known and ARGV[4] ~= '1' then
    return {'forgotten', false, false}
end
-- The first write: if memory does not suffice, it fails before anything has changed.
redis.call('HSET', KEYS[1], 'ends', string.format('%.0f', now + ARGV[3]))
if not known then
    redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'holder', ARGV[2])
end
