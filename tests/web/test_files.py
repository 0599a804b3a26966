"""Files that come with the room: what others made is what they published; all is translated."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "daylight" / "web" / "static"


def test_vendored_files_are_as_published():
    lines = (STATIC / "vendor" / "VENDORED.md").read_text().splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if ".js |" in line
    ]
    assert {row[0] for row in rows} == {path.name for path in (STATIC / "vendor").glob("*.js")}
    for name, _, _, licence, digest in rows:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest
        assert (STATIC / "vendor" / licence.split(", ")[1]).exists()


def test_our_scripts_and_styles_ask_nobody_else():
    for path in [*STATIC.glob("*.js"), *STATIC.glob("*.css"), *STATIC.glob("*.svg")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text.lower().replace("https", "http"), path.name
        assert "eval(" not in text
        assert "innerHTML" not in text


def test_every_message_is_translated_and_compiled():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "messages.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
