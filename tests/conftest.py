"""Shared fixtures."""

from pathlib import Path

import one_thread  # noqa: F401  # before anything loads a numerical library
import pytest

from rarebind.campaigns import Store


@pytest.fixture
def store(tmp_path):
    """An empty result store."""
    with Store(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def examples():
    """The folder of example inputs."""
    return Path(__file__).parents[1] / "examples"
