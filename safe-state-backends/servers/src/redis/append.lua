-- ARGV[5]: the record; ARGV[6]: its number, behind the checkpoint and the records before it.
if not known or redis.call('LLEN', KEYS[2]) ~= ARGV[6] + 1 then
    return {'gap', false, false}
end
redis.call('RPUSH', KEYS[2], ARGV[5])
return {done, false, false}
