"""Pods: their manifests, and what a node has of them."""

import json
import pathlib

from . import node
from .project import APPLICATION, HOME, NEWEST


def static(name, resources):
    """Writes a pod's manifest where the kubelet looks for it."""
    one = {"name": "c", "image": node.PAUSE, "imagePullPolicy": "Never", "resources": resources}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"hostNetwork": True, "containers": [one], "terminationGracePeriodSeconds": 1},
    }
    # The kubelet reads whatever is in the folder, half a file too.
    new = node.ETC / name
    new.write_text(json.dumps(pod))
    new.rename(node.MANIFESTS / f"{name}.json")


def deployment(name, image, port):
    """A Deployment of one pod, on the node's own network: gunicorn with the application that all scenarios serve."""
    home = HOME / f"pod-{port}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "application.py").write_text(APPLICATION)
    gunicorn = {
        "name": name,
        "image": image,
        "imagePullPolicy": "Never",
        "command": f"python3 -m gunicorn --workers 2 --bind 0.0.0.0:{port} application:app".split(),
        "workingDir": "/app",
        # gunicorn keeps its workers' heartbeats in a folder for temporary files.
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": "PYTHONPATH", "value": NEWEST}],
        "volumeMounts": [
            {"name": "app", "mountPath": "/app", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    spec = {
        "hostNetwork": True,
        "automountServiceAccountToken": False,
        "containers": [gunicorn],
        "volumes": [{"name": "app", "hostPath": {"path": str(home)}}, {"name": "tmp", "emptyDir": {"medium": "Memory"}}],
    }
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def runs(pod):
    """Whether every container of a pod runs."""
    told = pod["status"].get("containerStatuses") or []
    return len(told) == len(pod["spec"]["containers"]) and all("running" in one["state"] for one in told)


def main_process(pod):
    """The first process of a pod's first container."""
    container_id = pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
    tasks = [line.split() for line in node.ctr("tasks", "list").splitlines()]
    return next(int(task[1]) for task in tasks if task[0] == container_id)


def printed(pod):
    """What a pod's containers have printed: the node's own files, since the server does not reach into the guest."""
    folders = pathlib.Path("/var/log/pods").glob(f"*_{pod['metadata']['uid']}")
    return "".join(log.read_text() for folder in folders for log in sorted(folder.glob("*/*.log")))
