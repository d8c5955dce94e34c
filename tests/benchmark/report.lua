-- What wrk measured, as lines of a name and a number for a program to read.
--
-- With the argument `statuses`, it counts the answers of each status; that costs wrk some speed.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  if arguments[1] == "statuses" then
    statuses = {}
    response = function(status)
      statuses[status] = (statuses[status] or 0) + 1
    end
  end
end

local function report(name, number)
  io.write(string.format("report %s %.0f\n", name, number))
end

function done(summary, latency)
  report("requests", summary.requests)
  report("microseconds", summary.duration)
  report("bytes", summary.bytes)
  report("p50", latency:percentile(50))
  report("p99", latency:percentile(99))
  report("slowest", latency.max)
  for kind, count in pairs(summary.errors) do
    report("error." .. kind, count)
  end
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses") or {}) do
      report("status." .. status, count)
    end
  end
end
