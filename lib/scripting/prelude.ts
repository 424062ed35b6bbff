/**
 * What a Lua state runs first, as Redis sets its own up: it leaves scripts the functions that Redis leaves them, in tables that cannot be changed.
 *
 * Lua 5.1 has no read-only tables. A protected one is an empty table in front of the real one: reads fall through (`__index`), writes are refused
 * (`__newindex`), and `host` knows it by its address, for the functions that would go round its metatable.
 *
 * Lua 5.1 cannot leave a coroutine while a function in C is under way that has called it: `pcall` and others that call back are written in Lua
 * here, so that a slow script can pause inside of them. A pause ends in a `resume`, which has to pause in turn: `host.paused` says whether that
 * is why it ended, and `host.pause` does so, when it can.
 *
 * It gets `host` (functions of ours) and `libraries` (by name, tables of such); it returns the table of all globals and the one in
 * front of it.
 */
export const PRELUDE = String.raw`
local host, libraries = ...
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local running, status, wrap = coroutine.running, coroutine.status, coroutine.wrap
local type, error, select, unpack, tostring, tonumber = type, error, select, unpack, tostring, tonumber
local find, sub, concat, loadstring = string.find, string.sub, table.concat, host.loadstring
local setmetatable, next, native_pcall, native_getmetatable, rawget = setmetatable, next, pcall, getmetatable, rawget
local native = { load = load, gsub = string.gsub, sort = table.sort, foreach = table.foreach, foreachi = table.foreachi }

-- Coroutines: a resume goes on by itself when what it has resumed was only paused.

local function resumed(co, ok, ...)
  if ok and host.paused() then
    host.pause()
    return resumed(co, resume(co))
  end
  return ok, ...
end

local function guarded_resume(co, ...)
  return resumed(co, resume(co, ...))
end

local function unwrapped(ok, ...)
  if ok then return ... end
  error((...), 0)
end

local function guarded_wrap(body)
  local co = create(body)
  return function(...) return unwrapped(guarded_resume(co, ...)) end
end

-- pcall: the function runs in a coroutine, which serves the next one too if it comes to its end. A yield of the function's own passes through.

local idle, idle_count = {}, 0
local end_mark = {}

local function serve(body, ...)
  return serve(yield(end_mark, body(...)))
end

local function caught(co, ok, first, ...)
  if not ok then return false, first end
  if first == end_mark then
    idle_count = idle_count + 1
    idle[idle_count] = co
    return true, ...
  end
  if host.paused() then
    host.pause()
    return caught(co, resume(co))
  end
  return caught(co, resume(co, yield(first, ...)))
end

local function is_callable(body)
  if type(body) == 'function' then return true end
  local metatable = native_getmetatable(body)
  return type(metatable) == 'table' and rawget(metatable, '__call') ~= nil
end

local function call(body, ...)
  if not is_callable(body) then return false, 'attempt to call a ' .. type(body) .. ' value' end
  local co
  if idle_count > 0 then
    co = idle[idle_count]
    idle[idle_count] = nil
    idle_count = idle_count - 1
  else
    co = create(serve)
  end
  return caught(co, resume(co, body, ...))
end

-- Redis's pcall hands an error of redis.call over as its text.
local function plain(ok, ...)
  if ok then return true, ... end
  local problem = ...
  if type(problem) == 'table' and type(problem.err) == 'string' then return false, problem.err end
  return false, problem
end

local function guarded_pcall(...)
  if select('#', ...) == 0 then return native_pcall() end
  host.enter()
  return host.leave(plain(call(...)))
end

local function handled(handler, ok, ...)
  if ok then return true, ... end
  local fine, answer = call(handler, ...)
  return false, answer
end

local function guarded_xpcall(body, handler)
  host.enter()
  return host.leave(handled(handler, call(body)))
end

-- Functions that call back.

local function guarded_load(read, name)
  if type(read) ~= 'function' then
    local chunk = native.load(read, name)
    return chunk
  end
  local parts = {}
  while true do
    local part = read()
    if part == nil or part == '' then break end
    if type(part) ~= 'string' then return nil, 'reader function must return a string' end
    parts[#parts + 1] = part
  end
  return loadstring(concat(parts), name or '=(load)')
end

local function replacement(answer, whole)
  if answer == nil or answer == false then return whole end
  if type(answer) == 'string' or type(answer) == 'number' then return tostring(answer) end
  error('invalid replacement value (a ' .. type(answer) .. ')', 3)
end

local function captures(first, last, ...)
  return first, last, select('#', ...), ...
end

local function guarded_gsub(text, pattern, by, limit)
  if type(by) ~= 'function' or type(text) ~= 'string' or type(pattern) ~= 'string' then
    local replaced, count = native.gsub(text, pattern, by, limit)
    return replaced, count
  end
  limit = limit and tonumber(limit)
  local parts, count, at = {}, 0, 1
  local anchored = sub(pattern, 1, 1) == '^'
  while not limit or count < limit do
    local found = { captures(find(text, pattern, at)) }
    local first, last = found[1], found[2]
    if not first then break end
    count = count + 1
    parts[#parts + 1] = sub(text, at, first - 1)
    local whole = sub(text, first, last)
    local answer
    if found[3] == 0 then answer = by(whole) else answer = by(unpack(found, 4, 3 + found[3])) end
    parts[#parts + 1] = replacement(answer, whole)
    if last >= first then
      at = last + 1
    else
      -- Nothing was matched: one character is taken over, so that it goes on.
      parts[#parts + 1] = sub(text, first, first)
      at = first + 1
    end
    if anchored or at > #text + 1 then break end
  end
  parts[#parts + 1] = sub(text, at)
  return concat(parts), count
end

-- Heapsort: no order of the items, and no comparison however wrong, makes it slow or leave the table.
local function sift(items, less, root, count)
  local item = items[root]
  while root * 2 <= count do
    local child = root * 2
    if child < count and less(items[child], items[child + 1]) then child = child + 1 end
    if not less(item, items[child]) then break end
    items[root] = items[child]
    root = child
  end
  items[root] = item
end

local function guarded_sort(items, less)
  if type(items) ~= 'table' or type(less) ~= 'function' then
    native.sort(items, less)
    return
  end
  local count = #items
  for root = (count - count % 2) / 2, 1, -1 do sift(items, less, root, count) end
  for last = count, 2, -1 do
    items[1], items[last] = items[last], items[1]
    sift(items, less, 1, last - 1)
  end
end

local function guarded_foreach(items, visit)
  if type(items) ~= 'table' or type(visit) ~= 'function' then
    local answer = native.foreach(items, visit)
    return answer
  end
  for key, value in next, items do
    local answer = visit(key, value)
    if answer ~= nil then return answer end
  end
end

local function guarded_foreachi(items, visit)
  if type(items) ~= 'table' or type(visit) ~= 'function' then
    local answer = native.foreachi(items, visit)
    return answer
  end
  for i = 1, #items do
    local answer = visit(i, items[i])
    if answer ~= nil then return answer end
  end
end

local function protect(real, shown)
  local front = setmetatable({}, { __index = real, __newindex = host.refuse, __metatable = shown })
  host.protect(front, real)
  return front
end

local function pick(from, names)
  local picked = {}
  for name in string.gmatch(names, '%S+') do picked[name] = from[name] end
  return picked
end

local globals = pick(_G, [[
  _VERSION assert collectgarbage error gcinfo getmetatable ipairs rawequal select tonumber tostring type unpack
]])
for name, value in next, host.globals do globals[name] = value end
globals.pcall, globals.xpcall, globals.load = guarded_pcall, guarded_xpcall, guarded_load
globals.loadstring = loadstring

local strings = pick(string, 'byte char dump find format gfind gmatch len lower match rep reverse sub upper')
strings.gsub = guarded_gsub
local tables = pick(table, 'concat getn maxn remove setn')
tables.insert, tables.sort, tables.foreach, tables.foreachi = host.insert, guarded_sort, guarded_foreach, guarded_foreachi
local maths = {}
for name, value in next, math do maths[name] = value end

globals.string, globals.table, globals.math = protect(strings, false), protect(tables, false), protect(maths, false)
globals.coroutine = protect({
  create = create, resume = guarded_resume, running = running, status = status, wrap = guarded_wrap, yield = yield,
}, false)
-- The settings are those of all.
libraries.cjson.new = function()
  local copy = {}
  for name, value in next, libraries.cjson do copy[name] = value end
  return copy
end
for name, library in next, libraries do globals[name] = protect(library, false) end

-- As C prints a pointer to nothing where Redis runs.
debug.setmetatable(libraries.cjson.null, { __tostring = function() return 'userdata: (nil)' end, __metatable = false })

local of_strings = getmetatable('')
of_strings.__index = strings
of_strings.__metatable = protect({ __index = globals.string }, false)

local shown = protect({}, false)
local front = protect(globals, shown)
globals._G = front
setmetatable(globals, { __index = host.missing })
return globals, front
`;
