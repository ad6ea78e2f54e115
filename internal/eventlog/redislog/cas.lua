-- Replaces a value if the old one is there.
-- KEYS 1 key   ARGV 1 '1' if an old value must be there, '0' if none may   2 old value
--              3 '1' to set, '0' to delete   4 new value   5 time to live in ms, 0: for ever
-- Reply 1 if replaced, else 0.
local current = redis.call('GET', KEYS[1]) -- false when missing
if ARGV[1] == '1' then
  if current ~= ARGV[2] then return 0 end
elseif current then
  return 0
end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
elseif ARGV[5] == '0' then
  redis.call('SET', KEYS[1], ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1
