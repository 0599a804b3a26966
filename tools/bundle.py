"""``make bundle``: one folder that installs on a machine without network.

It holds the wheels of the locked runtime requirements, a wheel of Daylight itself, pip, a lock with
a hash for each wheel, SHA256SUMS over all of it, and ``install.sh``, which needs ``python3`` and
``sh`` alone. The folder appears complete under its name or not at all.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements/run.txt"
TEMPLATES = ROOT / "tools/bundle"
EPOCH = "1767225600"  # 2026-01-01: the wheel is the same whenever it is built
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bundle", description=__doc__)
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser.add_argument("--python-version", default=here, help="of the machine it is for")
    parser.add_argument("--wheels", type=Path, help="take the wheels from here, not the network")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    asked = parser.parse_args()
    if not re.fullmatch(r"3\.(1[1-9]|[2-9]\d)", asked.python_version):
        parser.error("--python-version is 3.11 or newer, as 3.12")
    if not importlib.util.find_spec("pip"):
        sys.exit(
            "daylight: uv made this environment, and a bundle needs pip: apt install python3-venv, make clean"
        )
    bundle = make(asked.out, asked.python_version, asked.wheels)
    sums = hashlib.sha256((bundle / "SHA256SUMS").read_bytes()).hexdigest()
    print(
        f"{bundle}\nSHA-256 of its SHA256SUMS, to be told by another way than the bundle:\n{sums}"
    )
    return 0


def make(out: Path, python: str, wheels: Path | None) -> Path:
    """The finished bundle, for Linux on this kind of processor and for ``python``."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    final = out / f"daylight-bundle-{version}"
    draft = out / f".{final.name}.new"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "wheels").mkdir(parents=True)
    lock = locked_for(LOCK.read_text(), python)
    (draft / "lock.txt").write_text("".join(lock))
    download(draft, python, wheels)
    own = build_wheel(draft / "wheels")
    line = f"daylight=={version} --hash=sha256:{digest(own)}\n"
    (draft / "lock.txt").write_text("".join([*lock, line]))
    pack_pip(draft / "pip.zip")
    for template in sorted(TEMPLATES.iterdir()):
        put(template, draft / template.name, {"VERSION": version, "PYTHON": python})
    shutil.copy(ROOT / "LICENSE", draft / "LICENSE")
    write_sums(draft)
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)
    return final


def locked_for(lock: str, python: str) -> list[str]:
    """The requirements of ``lock`` that hold on Linux with ``python``, without their markers.

    pip would read markers for the Python that it runs on, not for the one that is asked for.
    ``ValueError`` where a requirement bears no hash.
    """
    world = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": platform.machine(),
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    kept = []
    for block in re.split(r"(?m)^(?=\S)", lock):
        if not block.strip() or block.startswith("#"):
            continue
        if "--hash=sha256:" not in block:
            raise ValueError(f"no hash: {block.strip()}")
        pin, _, hashes = block.partition(" \\\n")
        name, _, marker = pin.partition(" ; ")
        if not marker or Marker(marker).evaluate(world):
            kept.append(f"{name} \\\n{hashes}")
    return kept


def download(draft: Path, python: str, wheels: Path | None) -> None:
    """Wheels only, each with a hash of the lock."""
    source = ["--no-index", "--find-links", str(wheels)] if wheels else []
    run(
        *(*PIP, "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--only-binary", ":all:", "--python-version", python, *source),
        *("--dest", str(draft / "wheels"), "-r", str(draft / "lock.txt")),
    )


def build_wheel(folder: Path) -> Path:
    """Daylight's own wheel, by the flit_core of this environment."""
    built = folder.parent / ".own"
    run(
        *(*PIP, "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"),
        *("--wheel-dir", str(built), str(ROOT)),
        env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH},
    )
    (wheel,) = built.glob("daylight-*.whl")
    own = wheel.rename(folder / wheel.name)
    built.rmdir()
    return own


def pack_pip(target: Path) -> None:
    """The pip of this environment in one file that Python can run: Tails has neither pip nor ensurepip."""
    package = Path(importlib.util.find_spec("pip").origin).parent
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(package.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)


def put(template: Path, target: Path, values: dict[str, str]) -> None:
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    target.write_text(text)
    target.chmod(stat.S_IMODE(template.stat().st_mode))


def write_sums(bundle: Path) -> None:
    """As ``sha256sum --check`` reads it."""
    names = [path.relative_to(bundle).as_posix() for path in files(bundle)]
    lines = [f"{digest(bundle / name)}  {name}\n" for name in names]
    (bundle / "SHA256SUMS").write_text("".join(lines))


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*words: str, env: dict[str, str] | None = None) -> None:
    code = subprocess.run(words, check=False, env=env).returncode
    if code:
        sys.exit(f"daylight: the bundle was not made: pip ended with {code}")


if __name__ == "__main__":
    sys.exit(main())
