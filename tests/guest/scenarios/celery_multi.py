"""Four Celery nodes in one forking unit, as `celery multi` starts them: each pool follows its own queue, and each task runs once."""

import subprocess
from pathlib import Path

from stage import celery, systemd
from stage.wait import until

DEADLINE = 900
NODES = ["mail", "pictures", "reports", "search"]
UNIT = "nodes.service"
RUN = Path("/run/nodes")

SERVICE = """[Service]
Type=forking
User=victus
WorkingDirectory={home}
EnvironmentFile={secrets}
RuntimeDirectory=nodes
ExecStart=/usr/bin/celery multi start {nodes} -A tasks --concurrency=1 --pidfile={run}/%%n.pid --logfile={run}/%%n.log {queues}
ExecStop=/usr/bin/celery multi stopwait {nodes} --pidfile={run}/%%n.pid
TimeoutStartSec=300
KillMode=mixed
"""


class Node(celery.Service):
    """One node of the unit."""

    @property
    def master(self):
        """Its main process; 0 if there is none."""
        try:
            return int((RUN / f"{self.name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0


def run(stage):
    installed = celery.Service("nodes").install()
    queues = " ".join(f"-Q:{number} {name}" for number, name in enumerate(NODES, 1))
    text = SERVICE.format(home=installed.home, secrets=celery.SECRETS, run=RUN, nodes=" ".join(NODES), queues=queues)
    systemd.write_unit(UNIT, text)
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", UNIT)
    nodes = [Node(name) for name in NODES]
    for node in nodes:
        until(lambda: node.master and node.count() == 1, f"the node {node.name}", 300)
    stage.projects += nodes
    entries = {
        name: celery.rules(3, service_name=UNIT, queues=[name], process={"pidfile": f"{RUN}/{name}.pid"})
        for name in NODES
    }
    stage.autoscaler(entries, language="en")
    busy = nodes[1]
    others = [node for node in nodes if node is not busy]
    before = [node.workers() for node in others]
    put(installed, busy.name, 150, 0.3)
    busy.reaches(3)
    until(lambda: len(set(installed.ended())) == installed.put_so_far, "every task has ended", 240)
    busy.reaches(1)
    assert [node.workers() for node in others] == before, "another node was changed"
    installed.exactly_once()
    stage.note(f"{busy.name} of {len(nodes)} nodes went to 3 and back")


def put(service, queue, count, seconds):
    """Puts tasks into one of the queues."""
    code = (
        "import tasks\n"
        f"with tasks.app.producer_pool.acquire(block=True) as producer:\n"
        f"    for number in range({count}):\n"
        f"        tasks.work.apply_async((number, {seconds}), queue={queue!r}, producer=producer)\n"
    )
    environment = {"BROKER_URL": celery.URL, "PATH": "/usr/bin:/bin"}
    subprocess.run(["python3", "-c", code], cwd=service.home, env=environment, check=True)
    service.put_so_far += count
