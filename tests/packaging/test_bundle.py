"""The bundle for machines without network: made, spoiled, installed for real."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import bundle as bundling  # noqa: E402

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCK = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:bb
tzdata==2026.6 ; sys_platform == 'win32' \\
    --hash=sha256:cc
rich==15.0.0 \\
    --hash=sha256:dd \\
    --hash=sha256:ee
"""


def test_markers_are_read_for_the_python_that_is_asked_for():
    old, new = (bundling.locked_for(LOCK, python) for python in ("3.11", "3.13"))
    assert [block.split(" ")[0] for block in old] == ["numpy==2.4.6", "rich==15.0.0"]
    assert [block.split(" ")[0] for block in new] == ["numpy==2.5.5", "rich==15.0.0"]
    assert old[1].count("--hash=") == 2
    assert ";" not in "".join(old + new)


def test_a_requirement_without_a_hash_is_refused():
    with pytest.raises(ValueError, match="no hash: evil==1"):
        bundling.locked_for(LOCK + "evil==1\n", HERE)


def test_the_real_lock_is_kept_whole():
    lock = bundling.LOCK.read_text()
    kept = "".join(bundling.locked_for(lock, HERE))
    dropped = lock.count("==") - lock.count("_version") - kept.count("==")
    assert "django==" in kept
    assert dropped < 6  # one NumPy, what is for Windows alone


@pytest.fixture(scope="module")
def own_wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "wheels"
    folder.mkdir()
    return bundling.build_wheel(folder)


def test_our_wheel_holds_what_runs_and_nothing_else(own_wheel):
    with zipfile.ZipFile(own_wheel) as wheel:
        names = set(wheel.namelist())
    package = ROOT / "src/daylight"
    wanted = {
        f"daylight/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js", ".mo", ".svg"}
    }
    assert wanted <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"daylight"}
    assert not [name for name in names if "__pycache__" in name]


def test_our_wheel_is_the_same_each_time(own_wheel, tmp_path):
    (tmp_path / "wheels").mkdir()
    again = bundling.build_wheel(tmp_path / "wheels")
    assert again.read_bytes() == own_wheel.read_bytes()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """Made as ``make bundle`` makes it; needs the place that wheels come from."""
    out = tmp_path_factory.mktemp("dist")
    words = [sys.executable, ROOT / "tools/bundle.py", "--out", out]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=240)
    if done.returncode:
        assert not list(out.glob("daylight-*")), "a bundle that was not made must not be there"
        missing("network", f"the locked wheels cannot be had here: {done.stderr.strip()[-300:]}")
    return next(out.glob("daylight-bundle-*"))


def install(bundle: Path, target: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """On a machine without network, where the kernel lets us take it away."""
    cut = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    words = [*cut, bundle / "install.sh", target]
    clean = {"PATH": os.environ["PATH"], "HOME": str(target.parent), "PYTHON": sys.executable}
    return subprocess.run(
        words, check=False, capture_output=True, text=True, env=clean | env, timeout=240, cwd="/"
    )


@pytest.mark.slow
def test_it_installs_without_network_and_runs(bundle, tmp_path):
    target = tmp_path / "a folder" / "daylight"
    target.parent.mkdir()
    done = install(bundle, target)
    assert done.returncode == 0, done.stderr
    program = target / "bin/daylight"
    told = subprocess.run([program, "--help"], check=True, capture_output=True, text=True, cwd="/")
    assert "serve" in told.stdout
    vault = tmp_path / "vault"
    subprocess.run(
        [program, "init", vault, "--plain-disk", "--no-passphrase"], check=True, capture_output=True
    )
    words = [program, "--vault", vault, "import", ROOT / "samples", "--no-ask"]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    listed = subprocess.run(
        [program, "--vault", vault, "items", "--kind", "video"], check=True, capture_output=True
    )
    assert listed.stdout.count(b"h264") >= 2
    assert install(bundle, target).returncode == 2  # what is there is left alone


@pytest.mark.slow
@pytest.mark.parametrize("spoiled", ["lock.txt", "wheels", "pip.zip", "SHA256SUMS"])
def test_a_spoiled_bundle_installs_nothing(bundle, tmp_path, spoiled):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    victim = next((copy / "wheels").glob("rich-*")) if spoiled == "wheels" else copy / spoiled
    victim.write_bytes(victim.read_bytes()[:-9] + b"spoiled!\n")
    done = install(copy, tmp_path / "target")
    assert done.returncode == 3
    assert "nothing was installed" in done.stderr
    assert not (tmp_path / "target").exists()


@pytest.mark.slow
def test_a_wheel_with_another_hash_is_refused_even_where_the_sums_were_forged(bundle, tmp_path):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    victim = next((copy / "wheels").glob("daylight-*"))
    with zipfile.ZipFile(victim, "a") as wheel:
        wheel.writestr("daylight/more.py", "print('more')")
    (copy / "SHA256SUMS").unlink()
    bundling.write_sums(copy)
    done = install(copy, tmp_path / "target")
    assert done.returncode == 3
    assert not (tmp_path / "target").exists()


@pytest.mark.slow
def test_another_python_is_refused_with_a_sentence(bundle, tmp_path):
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(other.stat().st_mode | stat.S_IXUSR)
    done = install(bundle, tmp_path / "target", PYTHON=str(other))
    assert done.returncode == 5
    assert f"for Python {HERE}" in done.stderr
