"""``daylight help-page`` as people meet it."""

from tests.cli.test_verbs import daylight, vault  # noqa: F401  # a fixture


def test_a_file_becomes_the_page(vault, tmp_path):  # noqa: F811
    (tmp_path / "help.txt").write_text("Call Ann: https://help.example", encoding="utf-8")
    done = daylight("--vault", vault, "help-page", tmp_path / "help.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert daylight("--vault", vault, "help-page", tmp_path / "none.txt").returncode == 2
    (tmp_path / "long.txt").write_text("x" * 20_001)
    assert daylight("--vault", vault, "help-page", tmp_path / "long.txt").returncode == 2
