"""XYZ files frame by frame, with line numbers for the messages; packed ones are unpacked.

Extended XYZ, as ASE has it, gives no type to what stands in a comment line: :func:`extxyz_text`
writes text so that it is read as text.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rarebind.errors import InputError
from rarebind.io.files import UNREADABLE, open_packed

if TYPE_CHECKING:
    from ase import Atoms


#: Atoms of a frame, columns of a property, characters of a line, and blank lines between frames.
MAX_ATOMS, MAX_COLUMNS, MAX_LINE, MAX_BLANK = 100_000, 100, 1_000_000, 1_000
#: Coordinates in Å, energies and forces, whatever their unit.
MAX_NUMBER = 1e9


@dataclass(frozen=True)
class XYZFrame:
    """The text of one frame.

    Attributes
    ----------
    text
        Atom count, comment line and one line an atom.
    path, line
        File, and the line of the atom count (the first line is 1).
    """

    text: str
    path: Path
    line: int

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.line}"

    def atoms(self) -> Atoms:
        """Parse the frame with ASE.

        Raises
        ------
        InputError
            It is no extended XYZ, or an energy or force is no finite number.
        """
        import numpy as np
        from ase.io import iread

        try:
            (atoms,) = iread(io.StringIO(self.text), format="extxyz")
        except Exception as error:
            # ASE raises what the first malformed item happens to trigger.
            self._check_lines()
            raise InputError(
                f"{self.where}: not a frame of extended XYZ ({type(error).__name__}: {error})"
            ) from error
        results = {} if atoms.calc is None else atoms.calc.results
        for name, values in {"positions": atoms.positions, **results}.items():
            if not np.issubdtype(np.asarray(values).dtype, np.number):
                raise InputError(f"{self.where}: {name} is no number: {str(values)[:40]!r}")
            if not np.isfinite(values).all():
                self._check_lines()
                raise InputError(f"{self.where}: {name} contain NaN or infinity")
            if np.max(np.abs(values), initial=0) > MAX_NUMBER:
                raise InputError(f"{self.where}: {name} go beyond {MAX_NUMBER:g}: no {name} do")
        return atoms

    def _check_lines(self) -> None:
        """Find the line that is no element symbol with finite coordinates, if there is one."""
        for number, line in enumerate(self.text.splitlines()[2:], start=self.line + 2):
            where = f"{self.path}, line {number}"
            try:
                x, y, z = (float(field) for field in line.split()[1:4])
            except ValueError:
                raise InputError(
                    f"{where}: expected an element symbol and three coordinates, got "
                    f"{line.strip()[:60]!r}"
                ) from None
            if not all(map(math.isfinite, (x, y, z))):
                raise InputError(f"{where}: a coordinate is NaN or infinite")


def extxyz_text(frames: Iterable[Atoms]) -> str:
    """Frames as extended XYZ; text of their ``info`` such as ``1.5`` or ``T`` is read as text."""
    from ase.io import write

    text = io.StringIO()
    for atoms in frames:
        marked = atoms.copy()
        marked.calc = atoms.calc
        marked.info = {name: _commented(value) for name, value in atoms.info.items()}
        write(text, marked, format="extxyz")
    return text.getvalue()


def _commented(value: Any) -> Any:
    """A value of a comment line: text and lists of mappings as they are read again."""
    if isinstance(value, str):
        as_json = json.dumps(value, ensure_ascii=not value.isprintable())
        # A backslash is an escape there.
        forms = (value, _escaped(value), _escaped(f"_JSON {as_json}"))
        # Other characters than printable ones could end the line.
        return next(form for form in forms if form.isprintable() and _reads(form) == value)
    if isinstance(value, (list, dict)):
        return _escaped(f"_JSON {json.dumps(value)}")
    return value


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def _reads(text: str) -> object:
    """What ASE makes of text in a comment line; None where it cannot read it."""
    from ase.io.extxyz import key_val_dict_to_str, key_val_str_to_dict

    # The field after it must be its own.
    line: str = key_val_dict_to_str({"text": text, "next": 0})
    try:
        found = key_val_str_to_dict(line)
    except ValueError:
        return None
    read = found.get("text")
    return read if isinstance(read, str) and found.keys() == {"text", "next"} else None


def read_frames(path: Path | str) -> Iterator[XYZFrame]:
    """The frames of an XYZ file (``.xz``, ``.gz`` and ``.bz2`` are unpacked).

    Raises
    ------
    InputError
        The file cannot be read or unpacked, ends within a frame, or an atom count does not fit
        the lines that follow it; the message names file and line.
    """
    path = Path(path)
    try:
        with open_packed(path) as file:
            yield from _frames(file, path)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: no XYZ file") from error
    except UNREADABLE as error:
        raise InputError(f"cannot read {path} ({error}): is it damaged or cut short?") from error


def _frames(file: IO[str], path: Path) -> Iterator[XYZFrame]:
    number = blank = 0
    while head := _line(file, path, number + 1):
        number += 1
        blank = blank + 1 if not head.strip() else 0
        if blank > MAX_BLANK:
            raise InputError(f"{path}, line {number}: more than {MAX_BLANK} blank lines")
        if blank:
            continue
        start = number
        count = _atom_count(head, path, number)
        comment = _line(file, path, number + 1)
        _check_columns(comment, f"{path}, line {number + 1}")
        lines = [head, comment]
        number += 1
        for _ in range(count):
            line = _line(file, path, number + 1)
            number += 1
            if not line.strip():
                found = number - start - 2
                raise InputError(
                    f"{path}, line {number}: the frame from line {start} should have {count} "
                    f"atoms, but ends after {found}: the file is cut short or its count is wrong"
                )
            lines.append(line)
        yield XYZFrame("".join(lines), path, start)


def _line(file: IO[str], path: Path, number: int) -> str:
    line = file.readline(MAX_LINE)
    if len(line) == MAX_LINE and not line.endswith("\n"):
        raise InputError(f"{path}, line {number}: a line of more than {MAX_LINE} characters")
    return line


def _check_columns(comment: str, where: str) -> None:
    """The columns that a comment line speaks of are made before a line is read."""
    for number in re.findall(r":\s*[RISL]\s*:\s*(\d+)", comment):
        if len(number) > len(str(MAX_COLUMNS)) or int(number) > MAX_COLUMNS:
            raise InputError(
                f"{where}: a property of {number[:20]} columns, at most {MAX_COLUMNS} are read"
            )


def _atom_count(line: str, path: Path, number: int) -> int:
    try:
        count = int(line)
    except ValueError:
        count = 0
    if count < 1:
        raise InputError(
            f"{path}, line {number}: expected the number of atoms of a frame, got "
            f"{line.strip()[:40]!r}: the count of the frame before may be wrong"
        )
    if count > MAX_ATOMS:
        raise InputError(
            f"{path}, line {number}: a frame of {count} atoms, at most {MAX_ATOMS} are read"
        )
    return count
