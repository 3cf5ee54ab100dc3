"""RQ and Dramatiq in instances of a template: they follow their queues up and down, and every task runs once."""

from stage import task_queue
from stage.wait import until

DEADLINE = 1800


def run(stage):
    rq = task_queue.Rq("jobs").install().start()
    dramatiq = task_queue.Dramatiq("messages").install().start()
    services = [rq, dramatiq]
    stage.projects += services
    log = stage.autoscaler({service.name: service.rules(3) for service in services})
    for service in services:
        service.put(90, 0.5)
        service.reaches(3)
        assert service.instances() == [1, 2, 3], service.instances()
        service.all_ended(600)
        service.reaches(1)
        assert service.instances() == [1], service.instances()
        service.exactly_once()
        stage.note(log.wait(service.unit, "scale_up a"))

    # A long job on two of three instances: RQ tells which, and the idle one goes.
    before = len(rq.ended())
    rq.put(90, 0.5)
    rq.reaches(3)
    rq.put(2, 45)
    until(lambda: len(rq.ended()) >= before + 90, "the short jobs end", 600)
    until(lambda: rq.count() == 2, "only the idle instance goes", 60)
    rq.all_ended(600)
    rq.reaches(1)
    rq.exactly_once()

    # Dramatiq passes the signal on: a process that gets it twice drops its messages.
    dramatiq.put(90, 0.5)
    dramatiq.reaches(3)
    dramatiq.install(kill_mode="control-group")
    dramatiq.all_ended(600)
    log.wait(dramatiq.unit.replace("@.", "@3."), "KillMode=mixed")
    stage.hold(lambda: dramatiq.count() == 3, "all instances stay", 10)
    dramatiq.install()
    dramatiq.reaches(1)
    dramatiq.exactly_once()
