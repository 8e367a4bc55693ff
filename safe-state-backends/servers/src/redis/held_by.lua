-- Who has the lease, if its end has not passed.
-- KEYS: lease.
local lease = redis.call('HMGET', KEYS[1], 'holder', 'ends')
if lease[1] and tonumber(lease[2] or 0) > math.floor(clock() / 1000) then
    return {'held', false, lease[1]}
end
return {'free', false, false}
