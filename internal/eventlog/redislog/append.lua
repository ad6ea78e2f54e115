-- Appends a batch of commands to one conference's log. Atomic: Redis runs nothing else
-- meanwhile. But Redis does not undo what a script wrote before it failed, therefore
-- everything is parsed, checked and planned before the first write.
--
-- KEYS  1 stream of events   2 meta   3 versions   4 sealed fields
-- ARGV  epoch, seen position, seen hash, new epoch, fence, n × entity, number of commands;
--       per command:
--         cause, n × (number of an entity, version), n × draft
--       and per draft:
--         id, canonical, digest, n × number of a bumped entity, n × (sealed field, ciphertext)
--       where "n ×" stands for a count and as many items. An entity's number is its place in
--       the list of entities, from 1.
--       new epoch: '' to append; else the commands are written, with the epoch, only if the
--       log no longer holds what was seen. fence '1': write something even if no command
--       does, so that a WAIT on this connection covers all that was read. (Redis 7.0 counts
--       from any command, but promises it of writes only.)
-- Reply {'EPOCH'} | {'ROLLED_BACK', pos} | {'HELD'}
--       | {'OK', epoch, pos, hash, at, results…}, a result being {first position} or,
--       when a check failed and nothing of the command was written, {entity, version}.

local ev, meta, ver, sealed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- Lua numbers are doubles: exact up to 2^53, but tostring() would print 1e+15.
local function int(n) return string.format('%.0f', n) end

local cursor = 0
local function take()
  cursor = cursor + 1
  return ARGV[cursor] or error('batch ends too early')
end
local function count()
  return tonumber(take()) or error('batch has no number where one must be')
end

-- 1. Does the caller know this log as it is?
local epoch, seen_pos, seen_hash, renewed, fence = take(), count(), take(), take(), take()
local known = redis.call('HMGET', meta, 'epoch', 'pos', 'h', 'at')
if known[1] ~= epoch then return {'EPOCH'} end
local pos, hash, last_at = tonumber(known[2] or 0), known[3] or '', tonumber(known[4] or 0)

-- The same position with another event: the log was rolled back and grew again.
local function hash_at(p)
  if p == pos then return hash end
  local entry = redis.call('XRANGE', ev, int(p) .. '-0', int(p) .. '-0')[1]
  if not entry then return nil end
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'h' then return entry[2][i + 1] end
  end
end
local lost = seen_pos > pos or (seen_pos > 0 and hash_at(seen_pos) ~= seen_hash)
if renewed == '' and lost then return {'ROLLED_BACK', int(pos)} end
if renewed ~= '' and not lost then return {'HELD'} end

-- A key of another type must fail here, not between two writes. The stream's and the
-- versions' types fail at the first XADD and the first HGET.
redis.call('HLEN', sealed)
redis.call('HLEN', ver)

-- Log time: Redis's clock, never decreasing, though the clock may be set back or another
-- server take over. One time for the whole batch.
local clock = redis.call('TIME')
local at = int(math.max(last_at, tonumber(clock[1]) * 1000000 + tonumber(clock[2])))

-- Many at once: a call costs as much as what it does. unpack cannot take all of a batch.
local chunk = 1000
local function set_all(key, pairs_of)
  for from = 1, #pairs_of, chunk do
    redis.call('HSET', key, unpack(pairs_of, from, math.min(from + chunk - 1, #pairs_of)))
  end
end

-- 2. Plan. Later commands see the versions that earlier ones of this batch will make.
local entities, version, bumped, events = {}, {}, {}, {}
for i = 1, count() do entities[i] = take() end
for from = 1, #entities, chunk do
  local found = redis.call('HMGET', ver, unpack(entities, from, math.min(from + chunk - 1, #entities)))
  for i = 1, #found do version[from + i - 1] = tonumber(found[i] or 0) end
end
local function take_entity()
  local n = count()
  if not version[n] then error('batch names an entity it has not listed') end
  return n
end

local function take_draft(cause, keep)
  local draft = {id = take(), cause = cause, canonical = take(), digest = take(), names = {}, secrets = {}}
  for _ = 1, count() do
    local entity = take_entity()
    if keep then
      version[entity] = version[entity] + 1
      bumped[entity] = true
    end
  end
  for i = 1, count() do
    draft.names[i] = take()
    draft.secrets[i] = take()
  end
  if not keep then return end
  pos = pos + 1
  hash = redis.sha1hex(hash .. int(pos) .. draft.digest)
  draft.pos, draft.hash = int(pos), hash
  events[#events + 1] = draft
end

local function take_command()
  local cause, result = take(), nil
  for _ = 1, count() do
    local entity, expected = take_entity(), count()
    local actual = version[entity]
    if actual ~= expected and not result then result = {entities[entity], int(actual)} end
  end
  local keep = not result
  result = result or {int(pos + 1)}
  for _ = 1, count() do take_draft(cause, keep) end -- stale ones are read over
  return result
end

local reply = {'OK', renewed == '' and epoch or renewed}
local results = {}
for i = 1, count() do results[i] = take_command() end
if cursor ~= #ARGV then error('batch is too long') end

-- 3. Write. XADD is the first: it is the one that can be refused (out of memory, no
-- replicas, a stream that is ahead of meta), and then nothing is written.
for _, e in ipairs(events) do
  local fields = {'id', e.id, 'cause', e.cause, 'at', at, 'e', e.canonical, 'd', e.digest, 'h', e.hash}
  if #e.names > 0 then
    fields[#fields + 1] = 's'
    fields[#fields + 1] = table.concat(e.names, ',')
  end
  redis.call('XADD', ev, e.pos .. '-0', unpack(fields))
end
local versions, secrets = {}, {}
for i, entity in ipairs(entities) do
  if bumped[i] then
    versions[#versions + 1] = entity
    versions[#versions + 1] = int(version[i])
  end
end
for _, e in ipairs(events) do
  for i, name in ipairs(e.names) do
    secrets[#secrets + 1] = e.id .. '/' .. name
    secrets[#secrets + 1] = e.secrets[i]
  end
end
set_all(ver, versions)
set_all(sealed, secrets)
if #events > 0 then
  redis.call('HSET', meta, 'epoch', reply[2], 'pos', int(pos), 'h', hash, 'at', at)
elseif fence == '1' then
  redis.call('HINCRBY', meta, 'fence', 1)
end

reply[3], reply[4], reply[5] = int(pos), hash, at
for i, result in ipairs(results) do reply[5 + i] = result end
return reply
