-- The checkpoint and the records behind it, and how many bytes they have; no records if those are too many.
-- KEYS: the last is the checkpoint. ARGV: the last is how many it may have.
local records = redis.call('LRANGE', KEYS[#KEYS], 0, -1)
local bytes = 0
for _, record in ipairs(records) do
    bytes = bytes + #record
end
if bytes > tonumber(ARGV[#ARGV]) then
    records = {}
end
return {'loaded', bytes, records}
