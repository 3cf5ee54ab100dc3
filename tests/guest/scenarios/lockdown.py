"""A kernel locked down in confidentiality mode takes the programs all the same: they call nothing that it forbids."""

from pathlib import Path

from stage import daemon, kernel

DEADLINE = 300
# A guest of its own: what is locked down stays so.
CPUS = 1
LOCKDOWN = Path("/sys/kernel/security/lockdown")


def run(stage):
    LOCKDOWN.write_text("confidentiality")
    assert "[confidentiality]" in LOCKDOWN.read_text(), LOCKDOWN.read_text()
    backdipro = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    started = log.wait("CPU por")
    stage.note(started)
    if kernel.lends_current_task():
        assert "CPU por eBPF" in started and not log.find("sin eBPF"), log.lines()
    else:
        assert "CPU por cpu.stat" in started, started
    with backdipro.load("/burn?ms=50", clients=4):
        backdipro.reaches(2)
    backdipro.reaches(1)
