# The Rack twin of timed.py: a server closes the body when it has sent the answer (Rack's specification).

class Answer
  LOG = File.open(ENV.fetch("REQUEST_LOG"), File::WRONLY | File::APPEND | File::CREAT, 0o600)

  def self.now
    Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
  end

  def initialize(start)
    @start = start
  end

  def each
    yield "ok"
  end

  def close
    LOG.syswrite("#{@start} #{Answer.now}\n") if @start
  end
end

run(lambda do |env|
  start = Answer.now
  words = env["PATH_INFO"].split("/").drop(1)
  timed = words[0] == "sleep"
  sleep(words[1].to_f) if timed
  [200, { "Content-Type" => "text/plain", "Content-Length" => "2" }, Answer.new(timed ? start : nil)]
end)
