-- Gives the lease back. What is left of a job that has finished goes a day later: until then a
-- run that was cut off is told who took over.
-- KEYS: lease, checkpoint. ARGV: epoch.
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
    redis.call('HDEL', KEYS[1], 'holder', 'ends')
    if redis.call('EXISTS', KEYS[2]) == 0 then
        redis.call('PEXPIRE', KEYS[1], 86400000)
    end
end
return {'done', false, false}
