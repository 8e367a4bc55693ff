redis.call('DEL', KEYS[2])
return {done, false, false}
