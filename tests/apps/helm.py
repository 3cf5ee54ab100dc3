"""Renders a chart with Helm's own library: {"chart": FOLDER, "values": …} on stdin, and on stdout {"files": {NAME: TEXT}, "lint": […]}
or {"refused": WHY}.
"""

import json
import os
import sys

import helm_python as helm

asked = json.load(sys.stdin)
chart, values = asked["chart"], asked["values"]
try:
    with helm.Chart.load(chart) as loaded:
        loaded.validate_schema(values)
        files = loaded.render(values, name="autoscaler", namespace="autoscaler")
    told = helm.lint(chart, values, strict=True)
    # Of severity 1 is what would be nice: an icon.
    faults = [message["error"] for message in told["messages"] if message["severity"] > 1]
    answer = {"files": {os.path.basename(name): text for name, text in files.items()}, "lint": faults + told["errors"]}
except helm.HelmError as error:
    answer = {"refused": str(error)}
json.dump(answer, sys.stdout)
