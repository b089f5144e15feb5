"""The library as a file that a screen reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rarebind.errors import InputError
from rarebind.ligands import enumerate_library, read_ligand_table, write_ligand_table


def test_the_library_is_read_as_it_was_written(tmp_path: Path) -> None:
    library = enumerate_library()
    write_ligand_table(library, tmp_path / "library.csv")
    again = [replace(one, notes=()) for one in read_ligand_table(tmp_path / "library.csv")]
    assert again == list(library)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*nowhere"):
        write_ligand_table(enumerate_library()[:1], tmp_path / "nowhere" / "library.csv")
