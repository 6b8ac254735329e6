"""Rules about which package may import which, and what a process must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "core",
    "models",
    "tables",
    "adapters",
    "pipelines",
    "workers",
    "admin",
    "services",
    "supervisor",
    "scripts",
    "sandbox",
    "benchmarks",
}
HEAVY = ("onnxruntime", "numpy", "faster_whisper", "piper", "av", "py3langid", "praw", "ollama")


def imports_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    return {name.split(".")[0] for name in names}


def test_imports_between_packages_go_one_way() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_tables_import_only_core() -> None:
    for file in (ROOT / "tables").rglob("*.py"):
        assert imports_of(file) & OURS <= {"core", "tables"}, file


def test_tables_are_imported_only_through_models() -> None:
    assert imports_of(ROOT / "models.py") & OURS == {"tables"}
    for package in OURS - {"models", "tables"}:
        for file in (ROOT / package).rglob("*.py"):
            assert "tables" not in imports_of(file), file


@pytest.mark.slow
@pytest.mark.parametrize("package", ["core", "adapters"])
def test_core_and_adapters_do_not_import_the_tables(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        assert "models" not in imports_of(file), file


@pytest.mark.slow
def test_the_back_office_loads_no_heavy_library() -> None:
    code = (
        "import sys, admin.app, admin.auth\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
