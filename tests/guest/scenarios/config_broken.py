"""A broken configuration leaves the old one in force and says why; a mended one takes effect without a restart."""

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 300


def run(stage):
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    pid = daemon.pid()
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        whole = daemon.CONFIG.read_text()
        daemon.CONFIG.write_text(whole.replace('"max_workers": 2', '"max_workers": 0'))
        stage.note(log.wait("la configuración nueva no sirve"))
        stage.hold(lambda: project.count() == 2, "the old bounds hold", 8)
        daemon.CONFIG.write_text(whole[: len(whole) // 2])
        systemd.systemctl("reload", "autoscaler")
        stage.hold(lambda: project.count() == 2, "the old bounds hold", 8)
        rungs = {"scale_up_3": 75, "scale_down_2": 45}
        stage.configure({"backdipro": daemon.entry(3, min_workers=2, cpu_thresholds=rungs)})
        log.wait("configuración recargada")
    stage.hold(lambda: project.count() >= 2, "the new lower bound", 25)
    assert daemon.pid() == pid, "the daemon was restarted"
    assert "Active: active" in systemd.systemctl("status", "autoscaler")
    # As it starts, a bad configuration is an error that says what to do.
    daemon.CONFIG.write_text("{")
    systemd.systemctl("stop", "autoscaler")
    systemd.systemctl("start", "autoscaler", check=False)
    until(lambda: systemd.show(daemon.UNIT, "NRestarts") != "0" or not daemon.pid(), "it refuses to start")
