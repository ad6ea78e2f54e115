-- Adds to a counter; the time to live is set when the counter is made, not prolonged.
-- KEYS 1 key   ARGV 1 amount   2 time to live in ms, 0: for ever
-- Reply: the new value.
local made = redis.call('EXISTS', KEYS[1]) == 0
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if made and ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return value
