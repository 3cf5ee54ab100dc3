"""Images without a container tool: archives as `docker save` writes them, which containerd imports."""

import hashlib
import json
import pathlib
import platform
import tarfile

# Go's words for the machine.
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def archive(name, layer, **config):
    """An image of one layer, a tar archive that is packed with it and then removed. Returns the image's own archive."""
    layer = pathlib.Path(layer)
    with layer.open("rb") as content:
        checksum = hashlib.file_digest(content, "sha256").hexdigest()
    about = {
        "architecture": ARCHITECTURE,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{checksum}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    image = layer.with_suffix(".image.tar")
    with tarfile.open(image, "w") as packed:
        for inside, content in (("config.json", about), ("manifest.json", manifest)):
            path = layer.with_suffix(".json")
            path.write_text(json.dumps(content))
            packed.add(path, inside)
            path.unlink()
        packed.add(layer, "layer.tar")
    layer.unlink()
    return image


def of_program(name, program):
    """An image of one static program and nothing else."""
    layer = pathlib.Path("/run") / f"{pathlib.Path(program).name}.tar"
    with tarfile.open(layer, "w") as packed:
        packed.add(program, pathlib.Path(program).name)
    return archive(name, layer, Entrypoint=[f"/{pathlib.Path(program).name}"])
