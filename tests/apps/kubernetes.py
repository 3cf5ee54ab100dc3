"""Holds manifests against the schemas that Kubernetes publishes: {"versions": […], "texts": {NAME: YAML}} on stdin, and on stdout the
kinds that were looked at, what is wrong, and every manifest: {"kinds": […], "faults": […], "objects": [[NAME, {…}], …]}. Strict: a key
that nobody knows is a fault.
"""

import json
import sys

import kubernetes_validate
import yaml

asked = json.load(sys.stdin)
kinds, faults, objects = set(), [], []
for name, text in asked["texts"].items():
    for number, manifest in enumerate(yaml.safe_load_all(text)):
        if manifest is None:
            continue
        objects.append((name, manifest))
        for version in asked["versions"]:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
                kinds.add(manifest["kind"])
            except kubernetes_validate.SchemaNotFoundError:
                # A CustomResourceDefinition's.
                pass
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{name} {number}, Kubernetes {version}: {error.message}")
json.dump({"kinds": sorted(kinds), "faults": faults, "objects": objects}, sys.stdout)
