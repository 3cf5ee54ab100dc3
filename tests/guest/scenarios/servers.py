"""Worker classes, --preload, socket activation, gunicorn 20.1 and the newest, uvicorn: all follow the load, losing nothing."""

from stage import daemon, systemd

DEADLINE = 1200

SERVERS = {
    "gthread": {"args": "--worker-class gthread --threads 2"},
    "gevent": {"args": "--worker-class gevent"},
    "preload": {"args": "--preload"},
    "newest": {"newest": True},
    "newest-gthread": {"newest": True, "args": "--worker-class gthread --threads 2"},
    "newest-gevent": {"newest": True, "args": "--worker-class gevent"},
    "newest-asgi": {"newest": True, "args": "--worker-class asgi application:asgi"},
    "uvicorn": {"newest": True, "server": "uvicorn", "workers": 2},
    "socket": {"activated": True},
}


def run(stage):
    done = []
    for name, options in SERVERS.items():
        project = stage.installed(name, **options)
        if name == "socket":
            systemd.write_unit(f"{name}.socket", f"[Socket]\nListenStream=127.0.0.1:{project.port}\n")
            systemd.systemctl("daemon-reload")
            systemd.systemctl("start", f"{name}.socket")
        project.start()
        least = 2 if name == "uvicorn" else 1
        rungs = {"scale_up_3": 60} if least > 1 else {"scale_up_2": 60}
        rungs |= {f"scale_down_{least}": 30}
        entry = {"enabled": True, "min_workers": least, "max_workers": least + 1, "cpu_thresholds": rungs}
        stage.autoscaler({name: entry})
        with project.load("/burn?ms=40", clients=6) as load:
            project.reaches(least + 1)
        project.reaches(least)
        assert load.failed == 0, f"{name}: {load.failures[0].error}"
        done.append(name)
        daemon.stop()
        stage.bounded({})
        systemd.systemctl("stop", project.unit)
    stage.note(", ".join(done))
