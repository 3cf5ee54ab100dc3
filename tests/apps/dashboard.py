"""Holds a dashboard (JSON on stdin) against Grafana's own published model of one: a line for each thing amiss.

A field that the model does not know is ignored by Grafana without a word, which is how a misspelt one is lost.
"""

import enum
import json
import sys
import types
import typing

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

# Properties that a data source's plugin reads and that the model of the dashboard leaves to it.
OF_THE_PLUGIN = {"definition", "titleFormat", "step"}


def lost(written, understood, path):
    """What is written and not there again after Grafana's model has read it."""
    if isinstance(written, dict) and isinstance(understood, dict):
        for key, value in written.items():
            if key in understood:
                yield from lost(value, understood[key], f"{path}.{key}")
            elif key not in OF_THE_PLUGIN:
                yield f"{path}.{key}: the model has no such field"
    elif isinstance(written, list) and isinstance(understood, list) and len(written) == len(understood):
        for index, (one, other) in enumerate(zip(written, understood)):
            yield from lost(one, other, f"{path}[{index}]")
    elif written != understood:
        yield f"{path}: {written!r} is understood as {understood!r}"


def amiss(value, hint, path):
    """What of a value is not of the kind that the model says."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        faults = [list(amiss(value, part, path)) for part in parts]
        if all(faults):
            yield from min(faults, key=len)
    elif origin is typing.Literal:
        if value not in parts:
            yield f"{path}: {value!r} is none of {parts}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
        else:
            for index, one in enumerate(value):
                yield from amiss(one, parts[0], f"{path}[{index}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        if value not in [member.value for member in hint]:
            yield f"{path}: {value!r} is no {hint.__name__}"
    elif hint is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{path}: {value!r} is no number"
    elif hint is int:
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{path}: {value!r} is no whole number"
    elif hint is object or hint is typing.Any or not isinstance(hint, type):
        # Left open by the model; what a plugin of Grafana's own models is looked into all the same.
        if type(value).__module__.startswith("grafana_foundation_sdk."):
            yield from inside(value, path)
    elif not isinstance(value, hint):
        yield f"{path}: {value!r} is no {hint.__name__}"
    else:
        yield from inside(value, path)


def inside(value, path):
    """The same of each field of a modelled object."""
    if type(value).__module__.startswith("grafana_foundation_sdk.models"):
        for name, hint in typing.get_type_hints(type(value)).items():
            yield from amiss(getattr(value, name), hint, f"{path}.{name}")


def unmodelled(dashboard):
    """Panels and queries of a kind that nobody models are passed on unread."""
    for panel in dashboard.panels or []:
        if isinstance(panel.options, dict):
            yield f"panel {panel.title!r}: there is no panel of the type {panel.type_val!r}"
        for target in panel.targets or []:
            if type(target).__module__.endswith(".dashboard"):
                yield f"panel {panel.title!r}: a query that no data source takes"


register_default_plugins()
written = json.load(sys.stdin)
dashboard = Dashboard.from_json(written)
understood = json.loads(JSONEncoder().encode(dashboard))
faults = [
    *lost(written, understood, "dashboard"),
    *inside(dashboard, "dashboard"),
    *unmodelled(dashboard),
]
print("\n".join(faults))
sys.exit(bool(faults))
