"""A real kubelet with containerd runs pods, and our DaemonSet among them, for a real API server; each figure names its pod."""

import os
import pathlib
import re
import urllib.request

from stage import cluster, container, daemon, keda, node, oci, pod
from stage.load import Load, request
from stage.project import make_user
from stage.wait import until

# Asking for its size gets it a guest of its own: what a kubelet leaves behind is no ground for others.
CPUS = 2
DEADLINE = 3600
NEEDS = "kubernetes"
IMAGE = "docker.io/library/application:1"
PORT = 8100
# What the scaler calls the measure that it is asked for.
METRIC = b"autoscaler-busy"
# DAC_READ_SEARCH, SYS_PTRACE, PERFMON, BPF (include/uapi/linux/capability.h).
CAPABILITIES = {2, 19, 38, 39}
# What makes a pod of each class of quality.
CLASSES = {
    "guaranteed": {"limits": {"cpu": "100m", "memory": "64Mi"}},
    "burstable": {"requests": {"cpu": "50m", "memory": "32Mi"}},
    "besteffort": {},
}
LINE = re.compile(r"(\w+)\{(.*)\} (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


def run(stage):
    daemon.install()
    make_user()
    node.network()
    node.containerd("cgroupfs")
    node.load(oci.of_program(node.PAUSE, node.GOODS / "pause"))
    standalone(stage, "cgroupfs")
    node.containerd("systemd")
    standalone(stage, "systemd")
    node.load(oci.archive(IMAGE, container.image()))
    node.load(node.GOODS / "autoscaler.oci.tar")
    pod.static("besteffort", CLASSES["besteffort"])
    node.kubelet("systemd", cluster.KUBELET)
    exporter = daemon_set(stage)
    web = cluster.apply_and_wait(pod.deployment("web", IMAGE, PORT), "default", "web")
    every_pod(stage, exporter, {"autoscaler-exporter", "besteffort", "web"})
    requests(stage, exporter, web)
    scaler(stage, exporter)


def standalone(stage, driver):
    """A kubelet by itself, with a static pod of each class."""
    node.kubelet(driver)
    for name, resources in CLASSES.items():
        pod.static(name, resources)

    def all_run():
        pods = node.pods()
        return pods if len(pods) == len(CLASSES) and all(pod.runs(one) for one in pods) else None

    pods = until(all_run, lambda: f"static pods run: {[one['status'] for one in node.pods()]}", 600, 2)
    seen = series(node.run("autoscaler", "export", "--once"), "cpu_seconds_total")
    for one in pods:
        stage.note(f"{driver}: {named(one, one['metadata']['uid'], seen)}")
    node.stop()


def daemon_set(stage):
    """Our manifests come up, with what they ask for and no more."""
    print(cluster.apply(node.GOODS / "namespace.json"))
    exporter = cluster.apply_and_wait(node.GOODS / "exporter.json", "autoscaler", "autoscaler-exporter")
    process = pathlib.Path(f"/proc/{pod.main_process(exporter)}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    held = {bit for bit in range(64) if int(status["CapEff"], 16) >> bit & 1}
    assert held == CAPABILITIES and status["CapBnd"] == status["CapEff"], status
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    assert status["Uid"].split() == ["0"] * 4, status
    assert (process / "attr/current").read_text().strip("\0\n") == "unconfined"
    mounts = [line.split() for line in (process / "mounts").read_text().splitlines()]
    options = {mount[1]: mount[3].split(",")[0] for mount in mounts}
    assert options["/"] == options["/sys/fs/cgroup"] == "ro", mounts
    assert os.readlink(process / "ns/pid") == os.readlink("/proc/1/ns/pid")
    assert os.readlink(process / "ns/net") != os.readlink("/proc/1/ns/net")
    text = scraped(exporter)
    assert 'source="ebpf"' in text, pod.printed(exporter)
    by = re.search(r'autoscaler_requests_seen\{by="(\w+)"\} 1', text)
    assert by, text[:2000]
    stage.note(f"{cluster.version()}: the exporter has {status['CapEff']}, eBPF, and sees requests by {by[1]}")
    print(pod.printed(exporter))
    return exporter


def every_pod(stage, exporter, names):
    """Each pod of the server is told by its uid there; one that only mirrors a static pod by that one's, as an annotation has it."""
    seen = series(scraped(exporter), "cpu_seconds_total")
    pods = cluster.pods()
    assert len(pods) == len(names), [one["metadata"]["name"] for one in pods]
    for one in pods:
        about = one["metadata"]
        assert any(about["name"].startswith(name) for name in names), about["name"]
        static = about.get("annotations", {}).get("kubernetes.io/config.hash")
        named(one, static or about["uid"], seen)
        stage.note(f"{about['name']}, {one['status']['qosClass']}: {static or about['uid']}")


def requests(stage, exporter, web):
    """The requests that a pod serves are counted under its uid, each one."""
    uid = web["metadata"]["uid"]

    def figure(name):
        of_pod = [
            value
            for labels, value in series(scraped(exporter), f"requests_{name}_total")
            if labels.get("pod_uid") == uid
        ]
        return max(of_pod, default=0)

    until(lambda: answers() and figure("answered"), "the first request is seen", 300, 2)
    before, busy = figure("answered"), figure("busy_seconds")
    with Load(PORT, "/burn?ms=50", clients=4, limit=100) as load:
        until(lambda: load.sent == 100, "all is sent", 300)
    assert not load.failures, load.failures[:3]
    until(lambda: figure("answered") - before >= 100, lambda: f"100 answers, not {figure('answered') - before}", 120, 2)
    assert figure("answered") - before == 100, figure("answered") - before
    stage.note(f"100 requests sent to {uid}, 100 told, busy for {figure('busy_seconds') - busy:.1f} s")
    held = [value for labels, value in series(scraped(exporter), "memory_bytes") if labels.get("pod_uid") == exporter["metadata"]["uid"]]
    stage.note(f"the exporter's pod holds {max(held) / (1 << 20):.0f} MiB")


def scaler(stage, exporter):
    """The scaler's pod answers what KEDA would ask, of a real Prometheus that scrapes the exporter's."""
    keda.prometheus(exporter["status"]["podIP"])
    pod_of_scaler = cluster.apply_and_wait(keda.manifest(), "autoscaler", "autoscaler-keda")
    status = pathlib.Path(f"/proc/{pod.main_process(pod_of_scaler)}/status").read_text()
    assert re.search(r"^Uid:\t65532\t", status, re.M) and re.search(r"^CapBnd:\t0+$", status, re.M), status
    at = pod_of_scaler["status"]["podIP"]
    asked = {"workload": "web", "measure": "busy", "slots": "2", "target": "0.7", "window": "30s"}

    def busy(**other):
        ref = keda.object_ref("web", "default", **{**asked, **other})
        return keda.ask(at, "GetMetrics", keda.field(1, ref) + keda.field(2, METRIC))

    code, words, spec = keda.ask(at, "GetMetricSpec", keda.object_ref("web", "default", **asked))
    assert code == 0 and METRIC in spec, (code, words, spec)
    # Four clients want two workers, and each is busy but for the moment between two requests, which on an emulated CPU is long.
    with Load(PORT, "/burn?ms=50", clients=4) as load:
        told = until(lambda: (found := busy()) and found[0] == 0 and keda.metric(found[2]) > 0.5 and found, lambda: busy(), 300, 5)
    assert not load.failures, load.failures[:3]
    value = keda.metric(told[2])
    assert value < 1.1, value
    code, words, _ = busy(workload="nonesuch")
    assert code == 5, (code, words)
    stage.note(f"the scaler's pod tells KEDA {value:.2f} of two busy slots, and {code} of a workload that is none")


def answers():
    """Whether gunicorn answers: its container runs before it does."""
    try:
        return request(PORT)
    except OSError:
        return None


def scraped(exporter):
    """What the exporter's pod serves, at its own address."""
    with urllib.request.urlopen(f"http://{exporter['status']['podIP']}:9920/metrics", timeout=60) as answer:
        return answer.read().decode()


def series(text, metric):
    """The labels and the value of each series of a metric of cgroups."""
    found = (LINE.match(line) for line in text.splitlines())
    metric = f"autoscaler_host_cgroup_{metric}"
    return [(dict(LABEL.findall(one[2])), float(one[3])) for one in found if one and one[1] == metric]


def named(of, uid, seen):
    """Every container of a pod has a series, which names it, its runtime and the pod. Returns the last one's cgroup."""
    for told in of["status"]["containerStatuses"]:
        runtime, _, container_id = told["containerID"].partition("://")
        labels = [labels for labels, _ in seen if labels.get("container_id") == container_id]
        assert len(labels) == 1, f"{of['metadata']['name']}: {labels} for {told['containerID']}"
        assert labels[0]["pod_uid"] == uid, f"{of['metadata']['name']}: {uid} is told as {labels}"
        # Without systemd the path has the bare id: it does not say whose.
        by_systemd = labels[0]["cgroup"].endswith(".scope")
        assert labels[0].get("runtime") == (runtime if by_systemd else None), labels
    return labels[0]["cgroup"]
