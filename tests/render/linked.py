"""Random folders with kustomizations and files, and links of every kind among them."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

ORIGINS = "buildMetadata: [originAnnotations, transformerAnnotations]\n"
_FOLDERS = ("app", "app/deep", "base", "base/deep", "base/deep/deeper", "other")
_NAMES = tuple("pqrstuvw")


def map_of(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"


def tree(random: Random, root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Files and links. What is built is app/, mostly over a link; ``root`` is where all lies."""
    folders = [folder for folder in _FOLDERS if folder == "app" or random.random() < 0.8]
    files = {f"{folder}/{name}.yaml": "" for folder in folders for name in random.sample("ab", 1)}
    files = {path: map_of(f"n{at}") for at, path in enumerate(files)}
    links: dict[str, str] = {}
    for name in random.sample(_NAMES, random.randint(2, 6)):
        folder = random.choice(folders)
        links[f"{folder}/{name}"] = target(root, folder, [*files, *folders, *links], random)
    below = [f"{link}/{name}.yaml" for link in links for name in "ab"]
    for folder in folders:
        if folder == "app" or random.random() < 0.9:
            inside = [path for path in files if path.startswith(f"{folder}/")]
            paths = random.sample([*links, *below] if folder == "app" else inside, 1)
            if not paths or random.random() < 0.3:
                paths += random.sample([*inside, *folders, *links], 1)
            wanted = ", ".join(os.path.relpath(path, folder) for path in paths)
            origins = ORIGINS if random.random() < 0.5 else ""
            files[f"{folder}/kustomization.yaml"] = f"{origins}resources: [{wanted}]\n"
    return files, links


def target(root: Path, folder: str, near: list[str], random: Random) -> str:
    """What a link in ``folder`` may be made of to lead to one of ``near``, or not quite there."""
    target = random.choice(near)
    shape = random.randrange(12)
    if shape == 0:
        return f"{root}/{target}"
    target = os.path.relpath(target, folder)
    if shape == 1:
        return f"./{target}/"
    if shape == 2:
        return f"../{Path(folder).name}/{target}"
    return f"nothing/../{target}" if shape == 3 else target


def changed(
    random: Random, files: dict[str, str], links: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """One thing changed: a file, a link's target, or either in the other's place."""
    files, links = dict(files), dict(links)
    near = [*files, *links]
    if random.random() < 0.5:
        path = random.choice([path for path in files if not path.endswith("kustomization.yaml")])
        files[path] = map_of(f"m{random.randrange(9)}")
        return files, links
    link = random.choice(list(links))
    if random.random() < 0.7:
        links[link] = target(Path("/root"), link.rpartition("/")[0], near, random)
    else:
        del links[link]
        other = random.choice([path for path in files if "kustomization" not in path])
        links[other] = target(Path("/root"), other.rpartition("/")[0], near, random)
        files[link] = files.pop(other)
    return files, links
