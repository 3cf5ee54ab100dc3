"""A Celery service whose broker's password only systemd knows: its pool follows the queue, and each task runs exactly once."""

from stage import celery, daemon, systemd

DEADLINE = 900


def run(stage):
    service = celery.Service("shop-celery").install().start()
    stage.projects.append(service)
    log = stage.autoscaler({service.name: celery.rules(3)})
    service.put(200, 0.3)
    service.reaches(3)
    service.all_ended()
    service.reaches(1)
    service.exactly_once()
    stage.note(log.wait(service.unit, "scale_up a 3"))
    # The unit has no password in it; neither have the daemon's configuration and journal.
    told = [*systemd.journal(daemon.UNIT), daemon.CONFIG.read_text()]
    assert not any(celery.PASSWORD in line for line in told)
    # Another main process is asked for its broker anew.
    with stage.server_dead(service):
        systemd.systemctl("restart", service.unit)
    service.put(100, 0.3)
    service.reaches(3)
    service.all_ended()
    service.exactly_once()
