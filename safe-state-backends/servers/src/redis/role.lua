-- Whether this server copies another, as far as its user may ask (`+info`). A replica that accepts writes loses them.
local function follows()
    local told = redis.pcall('INFO', 'replication')
    local role = type(told) == 'string' and string.match(told, 'role:([%a-]+)')
    return role and role ~= 'master'
end
