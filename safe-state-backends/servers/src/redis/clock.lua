-- The server's time, in microseconds. A user who may not ask for it (`+time`) is told it by when a key would
-- expire, in milliseconds; from Redis 7 on.
local function clock()
    local told = redis.pcall('TIME')
    if not told.err then
        return told[1] * 1000000 + told[2]
    end
    local key = string.gsub(KEYS[1], '}.*', '}:clock')
    redis.call('HSET', key, 'is', '')
    redis.call('PEXPIRE', key, 60000)
    local ends = redis.pcall('PEXPIRETIME', key)
    if type(ends) ~= 'number' then
        return error(told.err)
    end
    return (ends - 60000) * 1000
end
