"""Imports go one way, and importing rarebind is light."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import rarebind

ROOT = Path(rarebind.__file__).parent

# Each stage may import itself and those before it.
PIPELINE = [
    "errors", "units", "io", "elements", "structures", "registry", "ligands",
    "engines", "complexes", "binding", "campaigns", "parametrisation", "datasets", "uncertainty",
    "learning", "experiment", "evaluation", "studies", "screening", "validation",
    "serving", "commands", "cli",
]  # fmt: skip


def _packages():
    return [path.parent.relative_to(ROOT.parent) for path in ROOT.rglob("__init__.py")]


def _module_of(path):
    return importlib.import_module(".".join(path.parts))


def _imported_stages(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "rarebind" and len(parts) > 1 and parts[1] in PIPELINE:
                yield parts[1]


def test_imports_follow_the_pipeline():
    backwards = []
    for path in ROOT.rglob("*.py"):
        stage = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if stage in {"__init__", "__main__"}:
            continue
        assert stage in PIPELINE, f"{stage} has no place in the pipeline"
        backwards += [
            f"{path.relative_to(ROOT)} imports {other}"
            for other in _imported_stages(path)
            if PIPELINE.index(other) > PIPELINE.index(stage)
        ]
    assert not backwards


def test_names_loaded_when_asked_for_are_where_they_should_be():
    lazy = [one for one in map(_module_of, _packages()) if hasattr(one, "_HOME")]
    assert lazy
    for package in lazy:
        for name in package._HOME:
            assert hasattr(package, name), f"{package.__name__}.{name}"


def test_import_is_light():
    code = (
        "import sys, rarebind; "
        "heavy = {'torch', 'rdkit', 'numpy', 'ase', 'parsl', 'matplotlib'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_help_loads_no_chemistry():
    code = (
        "import sys, rarebind.cli; "
        "heavy = {'torch', 'rdkit', 'ase', 'parsl', 'matplotlib'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_run_as_a_module_is_not_imported_before():
    """Python warns of that, on the terminal of every screen."""
    code = (
        "import sys, rarebind.campaigns; sys.exit('rarebind.campaigns.interchange' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
