from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.coverage_table import Share, missing, packages, table, total

ROOT = Path(__file__).resolve().parents[2]


def file(lines: int, run: int) -> dict[str, list[int]]:
    numbers = list(range(1, lines + 1))
    return {"executed_lines": numbers[:run], "missing_lines": numbers[run:]}


def test_files_are_counted_for_the_package_that_they_are_in() -> None:
    report = {
        "files": {
            "core/log.py": file(100, 99),
            "adapters/backgrounds/light.py": file(30, 20),
            "adapters/music.py": file(70, 70),
        }
    }

    shares = packages(report)

    assert shares == {"adapters": Share(100, 90), "core": Share(100, 99)}
    assert total(shares) == Share(200, 189)
    assert list(missing(report)) == ["adapters/backgrounds/light.py: 21-30", "core/log.py: 100"]


def test_a_share_just_under_what_is_asked_is_not_shown_as_reached() -> None:
    shown = table({"core": Share(10_000, 8_999)})

    assert [line.split()[0] for line in shown.splitlines()] == ["package", "core", "total"]
    assert "89.9 %" in shown
    assert "90.0 %" not in shown


def test_a_package_without_lines_hides_nothing() -> None:
    assert total(packages({"files": {"core/__init__.py": file(0, 0)}})).percent == 100


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("import sys\n" + "print()\n" * 20 + "if not sys.argv:\n    print()\n", ""),
        (
            "import sys\nif not sys.argv:\n    print()\nprint()\n",
            "The tests run less than 90 % of the code.",
        ),
    ],
)
def test_too_little_ends_in_an_error(program: str, sentence: str, tmp_path: Path) -> None:
    # Given a program of which one line is not run
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/till.py").write_text(program)
    (tmp_path / "main.py").write_text("import shop.till\n")
    (tmp_path / "var/coverage").mkdir(parents=True)
    report = tmp_path / "var/coverage/report.json"
    run(tmp_path, "slipcover", "--json", "--source", "shop", "--out", str(report), "main.py")

    # When the table is made
    ended = run(tmp_path, "scripts.coverage_table")

    # Then it shows the share, and says what is wrong
    assert ended.stdout.splitlines()[-1].split()[:1] == ["total"]
    assert ended.stdout.splitlines()[-1].split()[2] == "1"
    assert ended.returncode == bool(sentence)
    assert sentence in ended.stderr


def test_a_package_that_no_test_runs_is_named(tmp_path: Path) -> None:
    (tmp_path / "var/coverage").mkdir(parents=True)
    report = '{"files": {"cellar/a.py": {"executed_lines": [], "missing_lines": [1]}}}'
    (tmp_path / "var/coverage/report.json").write_text(report)

    ended = run(tmp_path, "scripts.coverage_table")

    assert ended.returncode == 1
    assert "Nothing was measured of cellar" in ended.stderr


def run(folder: Path, *module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *module],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
