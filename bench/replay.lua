-- Sends requests made beforehand, one after the other, from a file of records: eight digits of length, then the bytes.
-- Arguments: the file, then "once" (running out of requests is an error) or "loop" (start again).
-- Ends with one line of JSON: what was done, how long it took, what went wrong.

local file, loop

function init(args)
  file = assert(io.open(args[1], "rb"))
  loop = args[2] == "loop"
end

function request()
  local length = file:read(8)
  if not length and loop then
    file:seek("set")
    length = file:read(8)
  end
  if not length then
    io.stderr:write("OUT OF REQUESTS\n")
    os.exit(75)
  end
  return file:read(tonumber(length))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, '
      .. '"errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
