-- Who has the lease, if its end has not passed.
-- KEYS: lease.
local clock = redis.call('TIME')
local lease = redis.call('HMGET', KEYS[1], 'holder', 'ends')
local now = math.floor((clock[1] * 1000000 + clock[2]) / 1000)
if lease[1] and tonumber(lease[2] or 0) > now then
    return {'held', false, lease[1]}
end
return {'free', false, false}
