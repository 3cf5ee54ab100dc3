"""The cluster's API server, which runs beside the guest with its controllers and its scheduler (xtask/src/kubernetes/plane.rs)."""

import json
import pathlib
import ssl
import urllib.request

from . import node
from .wait import until

# How the two who come to the server from here do so.
CLUSTER = node.IN / "cluster"
KUBECTL, KUBELET = CLUSTER / "admin.kubeconfig", CLUSTER / "kubelet.kubeconfig"


def get(path):
    """What the server answers, as JSON."""
    config = json.loads(KUBECTL.read_text())
    server, token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
    context = ssl.create_default_context(cadata=(CLUSTER / "ca.pem").read_text())
    # Its certificate is for another name, as the kubeconfig has it.
    context.check_hostname = False
    asked = urllib.request.Request(f"{server['server']}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=60, context=context) as answer:
        return json.load(answer)


def version():
    """What the server is."""
    return get("/version")["gitVersion"]


def pods(namespace=None):
    """The pods that the server has, of one namespace or of all."""
    return get(f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods")["items"]


def kubectl(*arguments, given=None):
    """kubectl, as a person types it."""
    return node.run(node.GOODS / "kubectl", f"--kubeconfig={KUBECTL}", *arguments, given=given)


def apply(manifest):
    """Hands a manifest to the server: a file, or an object."""
    # What the server publishes of its kinds is large to an emulated CPU, and `cargo xtask kubernetes` has asked.
    arguments = ["apply", "--validate=false", "--filename"]
    if isinstance(manifest, pathlib.Path):
        return kubectl(*arguments, manifest)
    return kubectl(*arguments, "-", given=json.dumps(manifest))


def apply_and_wait(manifest, namespace, name):
    """The pod that a manifest makes, whose name begins so, once it is ready."""
    print(apply(manifest))

    def found():
        return [pod for pod in pods(namespace) if pod["metadata"]["name"].startswith(name)]

    def told():
        return f"the pod {name} is ready: {json.dumps([pod['status'] for pod in found()])[:1500]}"

    return until(lambda: next(filter(ready, found()), None), told, 1200, 2)


def ready(pod):
    """Whether a pod is ready."""
    told = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in told)
