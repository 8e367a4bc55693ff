-- ARGV[5]: the checkpoint.
-- A script may end between two commands, as when the slot of its keys is being moved, or a right is missing:
-- so what was saved before is there until this is, and what removes it is tried before anything is added.
redis.call('LTRIM', KEYS[2], 0, -1)
redis.call('RPUSH', KEYS[2], ARGV[5])
redis.call('LTRIM', KEYS[2], -1, -1)
return {done, false, false}
