from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.coverage_table import Share, packages, table, total

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
[tool.coverage.run]
source = {source}
data_file = "var/coverage/data"
parallel = true
[tool.coverage.report]
fail_under = {asked}
"""


def file(statements: int, run: int) -> dict[str, dict[str, int]]:
    return {"summary": {"num_statements": statements, "covered_lines": run}}


def test_files_are_counted_for_the_package_that_they_are_in() -> None:
    report = {
        "files": {
            "models.py": file(100, 99),
            "adapters/backgrounds/light.py": file(30, 20),
            "adapters/music.py": file(70, 70),
        }
    }

    shares = packages(report)

    assert shares == {"adapters": Share(100, 90), "models": Share(100, 99)}
    assert total(shares) == Share(200, 189)


def test_a_share_just_under_what_is_asked_is_not_shown_as_reached() -> None:
    shown = table({"core": Share(10_000, 8_999)})

    assert [line.split()[0] for line in shown.splitlines()] == ["package", "core", "total"]
    assert "89.9 %" in shown
    assert "90.0 %" not in shown


def test_a_package_without_statements_hides_nothing() -> None:
    assert total(packages({"files": {"core/__init__.py": file(0, 0)}})).percent == 100


@pytest.mark.parametrize(
    ("source", "asked", "sentence"),
    [
        ('["shop"]', 50, ""),
        ('["shop"]', 90, "The tests run less than 90 % of the code."),
        ('["shop", "cellar"]', 50, "Nothing was measured of cellar: mend pyproject.toml."),
    ],
)
def test_too_little_or_a_package_that_is_gone_ends_in_an_error(
    source: str, asked: int, sentence: str, tmp_path: Path
) -> None:
    # Given a program of which three lines of four are run
    (tmp_path / "pyproject.toml").write_text(SETTINGS.format(source=source, asked=asked))
    (tmp_path / "shop.py").write_text("import sys\nif not sys.argv:\n    print()\nprint()\n")
    (tmp_path / "var/coverage").mkdir(parents=True)
    run(tmp_path, "-m", "coverage", "run", "shop.py")

    # When the table is made
    ended = run(tmp_path, "-m", "scripts.coverage_table")

    # Then it shows the share, and says what is wrong
    assert ended.stdout.splitlines()[-1].split() == ["total", "4", "1", "75.0", "%"]
    assert ended.returncode == bool(sentence)
    assert sentence in ended.stderr


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
