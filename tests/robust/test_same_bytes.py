"""A spec gives the same bytes wherever and however it is compiled."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(archdsl.__file__)))
NAMES = ("resnet", "resnext", "inception_v4", "shufflenet", "lenet", "densenet_cifar")
MODULES = ("black", "jinja2", "lark", "networkx")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shipped specs and what they import, in a folder of the same name."""
    folder = tmp_path_factory.mktemp("bytes")
    shutil.copytree(os.path.join(ROOT, "specs"), folder / "specs")
    return folder


def compiled(python: str, here: Path, specs: list[str], **environment: str) -> dict[str, bytes]:
    """What a Python writes for specs, by name. Nothing is remembered from one run to the next."""
    out = here / "out"
    shutil.rmtree(out, ignore_errors=True)
    path = os.pathsep.join([ROOT, *libraries()]) if python != sys.executable else ROOT
    done = subprocess.run(
        [python, "-m", "archdsl", "compile", *specs, "-o", str(out)],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )
    assert done.returncode == 0, done.stderr
    return {name: (out / name).read_bytes() for name in sorted(os.listdir(out))}


def libraries() -> list[str]:
    return [folder for folder in sys.path if folder.endswith("site-packages")]


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, bytes]:
    return compiled(sys.executable, folder, [f"specs/{name}.arch" for name in NAMES])


def test_hashes_places_and_orders(folder: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    backwards = [str(folder / "specs" / f"{name}.arch") for name in reversed(NAMES)]
    for seed in ("0", "1", "4294967295"):
        cache = str(tmp_path / f"cache{seed}")
        here = tmp_path / seed
        here.mkdir()
        found = compiled(
            sys.executable, here, backwards, PYTHONHASHSEED=seed, XDG_CACHE_HOME=cache, LC_ALL="C"
        )
        assert found == expected


def test_alone_as_together(folder: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    for name in NAMES[:3]:
        found = compiled(sys.executable, tmp_path, [str(folder / "specs" / f"{name}.arch")])
        own = (f"{name}.py", f"{name}_train.py")
        assert found == {file: text for file, text in expected.items() if file in own}


def python_of(version: str) -> str | None:
    """A Python of this version that can load the libraries, if the machine has one."""
    places = [shutil.which(f"python{version}") or ""]
    places += glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python"))
    path = os.pathsep.join([ROOT, *libraries()])
    check = f"import sys, {', '.join(MODULES)}; assert sys.version_info[:2] == tuple(map(int, '{version}'.split('.')))"
    for python in filter(None, places):
        command = [python, "-c", check]
        environment = {**os.environ, "PYTHONPATH": path}
        if not subprocess.run(
            command, env=environment, capture_output=True, check=False
        ).returncode:
            return python
    return None


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_pythons(folder: Path, expected: dict[str, bytes], tmp_path: Path, version: str) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version} that could load the libraries")
    specs = [str(folder / "specs" / f"{name}.arch") for name in NAMES]
    cache = str(tmp_path / "cache")
    assert compiled(python, tmp_path, specs, XDG_CACHE_HOME=cache) == expected
