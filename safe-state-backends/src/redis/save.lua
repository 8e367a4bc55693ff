-- ARGV[5]: the checkpoint.
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[5])
return {done, false, false}
