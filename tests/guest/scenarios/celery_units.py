"""Instances of a template as workers: Celery's follow the queue and end their tasks first; a program of any other kind, too."""

from stage import celery, systemd
from stage.wait import until

DEADLINE = 1500

# Reads no queue and answers nobody: all that is known of it is what its unit says. It ends in good order on SIGTERM.
PLAIN = """[Service]
ExecStart=/usr/bin/python3 -c "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); signal.pause()"
KillMode=mixed
TimeoutStopSec={stop}
"""


def run(stage):
    service = celery.Service("mail", template=True).install().start()
    stage.projects.append(service)
    rules = celery.rules(3, service_name=service.unit, actuator="units")
    log = stage.autoscaler({service.name: rules})
    service.put(150, 0.5)
    service.reaches(3)
    assert service.instances() == [1, 2, 3], service.instances()
    service.all_ended()
    service.reaches(1)
    assert service.instances() == [1], service.instances()
    service.exactly_once()
    stage.note(log.wait(service.unit, "scale_up a"))

    # A long task on two of three instances: the third is stopped, those with a task are not.
    service.put(150, 0.5)
    service.reaches(3)
    service.put(2, 45)
    until(lambda: len(service.ended()) >= 300, "the short tasks end", 240)
    until(lambda: service.count() == 2, "only the idle instance goes", 60)
    service.all_ended()
    service.reaches(1)
    service.exactly_once()

    # The slice has the limit, and systemd knows it.
    slice_of = systemd.show(service.instance(1), "Slice")
    wanted = (200 + 60) << 20
    until(lambda: systemd.show(slice_of, "MemoryMax") == str(wanted), f"the limit of {slice_of}")

    any_program(stage)


def any_program(stage):
    """A program that nobody can ask is stopped only where systemd would wait for it as long as it takes."""
    plain = celery.Service("plain", template=True)
    rules = celery.rules(2, service_name=plain.unit, actuator="units")
    del rules["broker_url_env"]
    rules["redis_url"] = celery.URL
    rules["queues"] = ["plain"]
    systemd.write_unit(plain.unit, PLAIN.format(stop=30))
    systemd.systemctl("daemon-reload")
    for number in (1, 2):
        systemd.systemctl("start", plain.instance(number))
    log = stage.autoscaler({plain.name: rules})
    log.wait("plain@2.service", "TimeoutStopSec=infinity")
    stage.hold(lambda: plain.count() == 2, "both instances stay", 10)
    systemd.write_unit(plain.unit, PLAIN.format(stop="infinity"))
    systemd.systemctl("daemon-reload")
    plain.reaches(1)
    assert plain.instances() == [1], plain.instances()
