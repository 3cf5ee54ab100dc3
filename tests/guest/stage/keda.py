"""The scaler asked as KEDA asks it, over gRPC by curl (messages: autoscaler/proto/externalscaler.proto), and what it needs to answer."""

import http.server
import json
import pathlib
import struct
import subprocess
import tempfile
import threading

from . import cluster, node, systemd

# The services of the node at the address that pods reach it at.
PROMETHEUS, STATE = 9090, 8180
CONFIG = """global: {{ scrape_interval: 5s }}
scrape_configs:
  - job_name: exporter
    static_configs: [{{ targets: ["{exporter}:9920"] }}]
  - job_name: state
    honor_labels: true
    static_configs: [{{ targets: ["127.0.0.1:{state}"] }}]
"""
UNIT = """[Service]
ExecStart={program} --config.file={config} --storage.tsdb.path=/run/prometheus --web.listen-address=0.0.0.0:{port}
"""


class State(http.server.BaseHTTPRequestHandler):
    """kube_pod_info as kube-state-metrics has it, which is not to be had here: the pods of the API server."""

    def do_GET(self):
        lines = []
        for pod in cluster.pods():
            about = pod["metadata"]
            labels = f'namespace="{about["namespace"]}",pod="{about["name"]}",uid="{about["uid"]}"'
            lines.append(f"kube_pod_info{{{labels}}} 1\n")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write("".join(lines).encode())

    def log_message(self, *_):
        pass


def prometheus(exporter):
    """A Prometheus that scrapes the exporter at an address, and the state."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", STATE), State)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = pathlib.Path("/run/prometheus.yaml")
    config.write_text(CONFIG.format(exporter=exporter, state=STATE))
    program = node.GOODS / "prometheus"
    systemd.write_unit("prometheus.service", UNIT.format(program=program, config=config, port=PROMETHEUS))
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", "prometheus.service")


def manifest():
    """Our own, with the address of this Prometheus."""
    text = (node.GOODS / "keda.json").read_text()
    usual = "--prometheus=http://prometheus-operated.monitoring:9090"
    assert usual in text, text
    return json.loads(text.replace(usual, f"--prometheus=http://{node.GATEWAY}:{PROMETHEUS}"))


def ask(scaler, method, message):
    """What the scaler answers: gRPC's status as a number, what it says of it, and the message."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "asked").write_bytes(b"\0" + struct.pack(">I", len(message)) + message)
        command = ["curl", "--silent", "--show-error", "--max-time", "60", "--http2-prior-knowledge"]
        command += ["--header", "Content-Type: application/grpc", "--header", "TE: trailers"]
        command += ["--data-binary", f"@{folder / 'asked'}", "--dump-header", str(folder / "heads")]
        command += ["--output", str(folder / "answer"), f"http://{scaler}:9921/externalscaler.ExternalScaler/{method}"]
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode != 0:
            raise AssertionError(f"{method}: {done.stderr}")
        heads = dict(line.split(": ", 1) for line in (folder / "heads").read_text().splitlines() if ": " in line)
        answer = (folder / "answer").read_bytes() if (folder / "answer").exists() else b""
    return int(heads["grpc-status"]), heads.get("grpc-message", ""), answer[5:]


def object_ref(name, namespace, **metadata):
    """A ScaledObjectRef."""
    entries = [field(3, field(1, key.encode()) + field(2, value.encode())) for key, value in metadata.items()]
    return field(1, name.encode()) + field(2, namespace.encode()) + b"".join(entries)


def field(number, content):
    """A field of a message that has a length (Protocol Buffers, "Encoding")."""
    length, left = [], len(content)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    return bytes([number << 3 | 2, *length, left]) + content


def metric(answer):
    """The value of the one metric in a GetMetricsResponse: a double at the end of its MetricValue, which is left out where it is 0."""
    if len(answer) < 9 or answer[-9] != 3 << 3 | 1:
        return 0.0
    return struct.unpack("<d", answer[-8:])[0]
