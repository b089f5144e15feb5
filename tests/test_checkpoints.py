"""Where engines keep what they need to go on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rarebind.campaigns import Store, Task, run_tasks
from rarebind.campaigns.limits import run_limited
from rarebind.campaigns.steps import STEPS
from rarebind.engines import GFN2_WATER
from rarebind.engines.checkpoints import (
    checkpoint_folder,
    checkpoint_for,
    checkpoints_in,
    discard,
)
from rarebind.errors import CalculationError
from rarebind.structures import Structure

WATER = Structure(("O", "H", "H"), np.eye(3), 0)


def test_none_are_kept_unless_a_folder_is_named():
    assert checkpoint_for(WATER, GFN2_WATER) is None
    discard(None)


def test_the_folder_is_that_of_the_innermost_block(tmp_path):
    with checkpoints_in(tmp_path):
        with checkpoints_in(None):
            assert checkpoint_for(WATER, GFN2_WATER) is None
        assert checkpoint_folder() == tmp_path
    assert checkpoint_folder() is None
    with pytest.raises(RuntimeError), checkpoints_in(tmp_path):
        raise RuntimeError
    assert checkpoint_folder() is None


def test_one_file_a_structure_and_level(tmp_path):
    folder = tmp_path / "new" / "folder"
    with checkpoints_in(folder):
        path = checkpoint_for(WATER, GFN2_WATER)
        assert folder.is_dir()
        assert path.parent == folder
        assert not path.exists()
        assert checkpoint_for(Structure(("O", "H", "H"), np.eye(3), 0), GFN2_WATER) == path
        others = [
            checkpoint_for(WATER, replace(GFN2_WATER, engine="xtb")),
            checkpoint_for(WATER, replace(GFN2_WATER, solvent="")),
            checkpoint_for(WATER.with_positions(2 * np.eye(3)), GFN2_WATER),
            checkpoint_for(Structure(WATER.symbols, WATER.positions, 1, 2), GFN2_WATER),
        ]
    assert len({path, *others}) == 5


def test_discarded_with_all_its_files(tmp_path):
    with checkpoints_in(tmp_path):
        path = checkpoint_for(WATER, GFN2_WATER)
        other = checkpoint_for(WATER.with_positions(2 * np.eye(3)), GFN2_WATER)
    for file in (path, path.with_suffix(".h5"), other):
        file.write_text("density")
    discard(path)
    assert list(tmp_path.iterdir()) == [other]
    discard(path)


def test_a_step_sees_the_folder_of_its_worker(tmp_path, monkeypatch):
    def step(*_):
        raise CalculationError(f"seen {checkpoint_folder()}")

    monkeypatch.setitem(STEPS, "water", step)
    assert run_limited(60, "water", {}, [], tmp_path).reason == f"seen {tmp_path}"
    assert run_limited(60, "water", {}, []).reason == "seen None"


def test_the_folder_reaches_other_processes(tmp_path, monkeypatch):
    """Workers have another working folder, so it must arrive as an absolute path."""
    (tmp_path / "sitecustomize.py").write_text(
        "from rarebind.campaigns.steps import STEPS\n"
        "from rarebind.engines.checkpoints import checkpoint_folder\n"
        "from rarebind.errors import CalculationError\n"
        "def step(*_):\n"
        "    raise CalculationError(f'seen {checkpoint_folder()}')\n"
        "STEPS['seen'] = step\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    task = Task("seen", {}, label="seen")
    with Store(tmp_path / "store.sqlite") as store:
        results = run_tasks([task], store, workers=1, checkpoints=Path("here"))
        assert results[task.key].reason == f"seen {tmp_path / 'here'}"
