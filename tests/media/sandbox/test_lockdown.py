import os
import subprocess
import sys

import pytest

from daylight.errors import SandboxMissing
from daylight.media.sandbox import landlock, lockdown, seccomp


def test_the_trial_holds_here():
    lockdown.check()


def test_the_trial_finds_a_sandbox_that_does_not_hold(monkeypatch):
    monkeypatch.setattr(landlock, "restrict_self", lambda abi: None)
    monkeypatch.setattr(seccomp, "install", lambda rules: None)
    with pytest.raises(SandboxMissing, match="could be opened"):
        lockdown.check()


def test_the_trial_does_not_take_a_refused_step_for_a_held_one(monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "no")

    monkeypatch.setattr(landlock, "restrict_self", refuse)
    with pytest.raises(SandboxMissing):
        lockdown.check()


def test_the_trial_says_a_missing_filter(monkeypatch):
    def refuse(*_):
        raise SandboxMissing("no filter")

    monkeypatch.setattr(seccomp, "install", refuse)
    with pytest.raises(SandboxMissing, match="no filter"):
        lockdown.check()


def test_a_trial_that_dies_is_a_missing_sandbox(monkeypatch):
    monkeypatch.setattr(seccomp, "install", lambda rules: os._exit(0))
    with pytest.raises(SandboxMissing, match="cut short"):
        lockdown.check()


def test_no_capability_stays():
    script = (
        "from daylight.media.sandbox import lockdown\n"
        "lockdown._drop_privileges()\n"
        "print(open('/proc/self/status').read())\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    held = dict(line.split(":\t") for line in out.stdout.splitlines() if line.startswith("Cap"))
    assert {held[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}


def test_it_does_not_outlive_a_parent_that_is_gone_already():
    script = (
        "from daylight.media.sandbox import lockdown\n"
        "lockdown._die_with(1 << 22)\n"
        "print('still here')\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (out.returncode, out.stdout) == (1, b"")
