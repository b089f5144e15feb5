"""Shared fixtures."""

import os
import sys
from pathlib import Path

import one_thread  # noqa: F401  # before anything loads a numerical library
import pytest
from hypothesis import settings

from rarebind.campaigns import Store
from rarebind.engines import ENGINES

# Examples are the same in every run, so that a green suite stays green until something changes;
# HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture
def store(tmp_path):
    """An empty result store."""
    with Store(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def examples():
    """The folder of example inputs."""
    return Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def another_package(tmp_path_factory):
    """A package with an engine, installed here and seen by other processes."""
    folder = tmp_path_factory.mktemp("site")
    metadata = folder / "calculators-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: calculators\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[rarebind.engines]\nany = calculators:ENGINE\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        patch.delitem(vars(ENGINES), "_others", raising=False)
        yield
    vars(ENGINES).pop("_others", None)
