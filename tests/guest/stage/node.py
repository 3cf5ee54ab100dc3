"""A node of Kubernetes: containerd and a kubelet, real ones, with a network for pods by the CNI's own plugins."""

import json
import pathlib
import subprocess
import urllib.request

from . import systemd
from .wait import until

IN = pathlib.Path("/payload/in")
GOODS = IN / "kubernetes"
ETC = pathlib.Path("/etc/kubernetes")
MANIFESTS = ETC / "manifests"
NAME = "guest"
# On the network that QEMU makes, from which 10.0.2.2 is the loopback of the machine that the guest runs on. It has no way elsewhere.
ADDRESS = "10.0.2.15"
# Where pods reach the node.
GATEWAY = "10.78.0.1"
PAUSE = "registry.k8s.io/pause:3.2"

CONTAINERD = """version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = {systemd}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
"""

NETWORK = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "pods",
            "isGateway": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.78.0.0/24"}]]},
        }
    ],
}

KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "failSwapOn": False,
    "staticPodPath": str(MANIFESTS),
    "fileCheckFrequency": "2s",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    "readOnlyPort": 10255,
    "makeIPTablesUtilChains": False,
    # The guest's disk is small and its images are never pulled again.
    "evictionHard": {"memory.available": "50Mi"},
    "imageGCHighThresholdPercent": 100,
    "runtimeRequestTimeout": "10m",
}

UNIT = """[Service]
ExecStart={command}
Restart=on-failure
RestartSec=2
"""


def run(*command, given=None):
    """Runs a command that has to succeed, with `given` as its input, and returns its output."""
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True, input=given)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def network():
    """The node's own address, and what gives pods theirs."""
    card = next(path.parent.name for path in pathlib.Path("/sys/class/net").glob("*/device"))
    run("ip", "address", "replace", f"{ADDRESS}/24", "dev", card)
    run("ip", "link", "set", card, "up")
    folder = pathlib.Path("/etc/cni/net.d")
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.glob("*"):
        other.unlink()
    (folder / "10-pods.conflist").write_text(json.dumps(NETWORK))


def containerd(driver):
    """containerd with its CRI; as the driver has it, its containers are scopes of systemd or plain cgroups."""
    pathlib.Path("/etc/containerd").mkdir(exist_ok=True)
    text = CONTAINERD.format(pause=PAUSE, systemd="true" if driver == "systemd" else "false")
    pathlib.Path("/etc/containerd/config.toml").write_text(text)
    systemd.systemctl("unmask", "containerd.service")
    systemd.systemctl("restart", "containerd.service")
    until(lambda: ctr("images", "list", "--quiet") or True, "containerd answers")


def ctr(*arguments):
    """containerd's own command, where the kubelet's containers and images are."""
    return run("ctr", "--namespace", "k8s.io", *arguments)


def load(image):
    """Gives the node an image, as a registry would."""
    ctr("images", "import", image)


def kubelet(driver, kubeconfig=None):
    """A kubelet; without a kubeconfig it runs the pods of its own folder alone."""
    MANIFESTS.mkdir(parents=True, exist_ok=True)
    config = ETC / "kubelet.json"
    config.write_text(json.dumps({**KUBELET, "cgroupDriver": driver}))
    command = [GOODS / "kubelet", f"--config={config}", f"--hostname-override={NAME}", f"--node-ip={ADDRESS}"]
    command += ["--container-runtime=remote", "--container-runtime-endpoint=unix:///run/containerd/containerd.sock"]
    if kubeconfig:
        command.append(f"--kubeconfig={kubeconfig}")
    systemd.write_unit("kubelet.service", UNIT.format(command=" ".join(map(str, command))))
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", "kubelet.service")


def pods():
    """The pods as the kubelet itself tells them."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:10255/pods", timeout=60) as answer:
            return json.load(answer)["items"] or []
    except OSError:
        # It does not listen yet.
        return []


def stop():
    """Ends the kubelet and whatever it runs."""
    systemd.systemctl("stop", "kubelet.service", check=False)
    for task in ctr("tasks", "list", "--quiet").split():
        subprocess.run(["ctr", "--namespace", "k8s.io", "tasks", "kill", "--all", "--signal", "KILL", task], capture_output=True)
    until(lambda: "RUNNING" not in ctr("tasks", "list"), "no container runs")
    for container in ctr("containers", "list", "--quiet").split():
        subprocess.run(["ctr", "--namespace", "k8s.io", "tasks", "delete", "--force", container], capture_output=True)
        subprocess.run(["ctr", "--namespace", "k8s.io", "containers", "delete", container], capture_output=True)
    for manifest in MANIFESTS.glob("*"):
        manifest.unlink()
    systemd.systemctl("stop", "kubepods.slice", check=False)
    for cgroup in sorted((systemd.CGROUPS / "kubepods").glob("**/"), reverse=True):
        cgroup.rmdir()
