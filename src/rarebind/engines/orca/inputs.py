"""ORCA input texts; the same text is valid in ORCA 5 and 6.

Written without an ORCA to try them on, after the manuals of both versions and inputs echoed in
published outputs.  The two versions do not give the same numbers (solvation cavity, integration
weights): what is compared should come from one.
"""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.elements import is_rare_earth
from rarebind.engines.dft.molecule import unpaired_electrons
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.orca.basis import element_bases
from rarebind.errors import InputError
from rarebind.structures import Structure

#: ORCA's B3LYP has the VWN-5 local correlation; Gaussian's, with VWN-3, is its ``B3LYP/G``.
_METHODS = {"B3LYP": "B3LYP"}
_DISPERSIONS = {"": "", "D4": "D4"}
_BASES = (
    "def2-SVPD+def2-TZVP",
    "def2-SVPD+lcecp-1-TZVP",
    "def2-SVP",
    "def2-SVPD",
    "def2-TZVP",
)
#: Simple keyword and lines of a ``%cpcm`` block.
_SOLVENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("", ()),
    "CPCM(water)": ("CPCM(water)", ()),
    "SMD(water)": ("CPCM", ("smd true", 'SMDsolvent "water"')),
}
_MAX_ITERATIONS = 500


@dataclass(frozen=True)
class Electrons:
    """What ORCA should find in a structure.

    Attributes
    ----------
    explicit
        Electrons outside effective cores.
    multiplicity
        2S + 1 of these; 1 where the 4f shell is in the core.
    functions
        Basis functions.
    """

    explicit: int
    multiplicity: int
    functions: int


def count_electrons(structure: Structure, level: LevelOfTheory) -> Electrons:
    """Count electrons and basis functions of `structure` at `level`.

    Raises
    ------
    InputError
        ORCA, or this engine, has no such level; an element has no basis; or the number of
        electrons does not fit the multiplicity.
    """
    _check_level(level)
    bases = element_bases(structure.symbols, level)
    explicit = int(structure.atomic_numbers.sum()) - structure.charge
    explicit -= sum(bases[symbol].core for symbol in structure.symbols)
    unpaired = unpaired_electrons(structure, level)
    if explicit < max(1, unpaired) or (explicit - unpaired) % 2:
        raise InputError(
            f"charge {structure.charge:+d} and multiplicity {unpaired + 1} do not fit "
            f"{explicit} electrons (outside effective cores): check charge and multiplicity"
        )
    functions = sum(bases[symbol].functions for symbol in structure.symbols)
    return Electrons(explicit, unpaired + 1, functions)


def gradient_input(
    structure: Structure,
    level: LevelOfTheory,
    *,
    nprocs: int = 1,
    maxcore: int = 2000,
    orbitals: str = "",
) -> str:
    """The input for energy and gradient; for a single atom, whose forces vanish, the energy.

    Parameters
    ----------
    nprocs, maxcore
        Processes, and MB of memory for each.
    orbitals
        A ``.gbw`` file to start from, of another name than the input's.

    Raises
    ------
    InputError
        See :func:`count_electrons`.
    """
    keywords = ["EnGrad"] if len(structure) > 1 else []
    return _input(structure, level, nprocs, maxcore, keywords, [], orbitals)


def guess_input(
    structure: Structure, level: LevelOfTheory, *, nprocs: int = 1, maxcore: int = 2000
) -> str | None:
    """The input that finds a stable open-shell state to start from; None for closed shells.

    A calculation of its own, because ORCA's stability analysis does not go with a gradient.

    Raises
    ------
    InputError
        See :func:`count_electrons`.
    """
    if count_electrons(structure, level).multiplicity == 1:
        return None
    stability = ["STABPerform true", "STABRestartUHFifUnstable true"]
    return _input(structure, level, nprocs, maxcore, [], stability, "")


def _input(
    structure: Structure,
    level: LevelOfTheory,
    nprocs: int,
    maxcore: int,
    keywords: list[str],
    scf: list[str],
    orbitals: str,
) -> str:
    electrons = count_electrons(structure, level)
    open_shell = electrons.multiplicity > 1
    solvation, cpcm = _SOLVENTS[level.solvent]
    simple = [
        "UKS" if open_shell else "RKS",
        _METHODS[level.method],
        _DISPERSIONS[level.dispersion],
        _basis_keyword(structure, level),
        *("RIJCOSX", "def2/J", "DefGrid2", "TightSCF"),
        solvation,
        "SlowConv" if open_shell else "",
        # Orbitals of an earlier run are taken only when asked for.
        *("MORead" if orbitals else "", "NoAutoStart"),
        *keywords,
    ]
    lines = [f"# {level}, ORCA 5 or 6", " ".join(["!", *filter(None, simple)])]
    if orbitals:
        lines.append(f'%moinp "{orbitals}"')
    lines += [f"%pal nprocs {nprocs} end", f"%maxcore {maxcore}"]
    lines += _block("scf", [f"MaxIter {_MAX_ITERATIONS}", *scf])
    bases = element_bases(structure.symbols, level)
    lines += _block("basis", [line for basis in bases.values() for line in basis.lines])
    lines += _block("cpcm", cpcm)
    lines.append(f"* xyz {structure.charge} {electrons.multiplicity}")
    lines += [
        f"{symbol:<2} {x:16.10f} {y:16.10f} {z:16.10f}"
        for symbol, (x, y, z) in zip(structure.symbols, structure.positions, strict=True)
    ]
    return "\n".join([*lines, "*"]) + "\n"


def _block(name: str, lines: list[str] | tuple[str, ...]) -> list[str]:
    return [f"%{name}", *(f"  {line}" for line in lines), "end"] if lines else []


def _basis_keyword(structure: Structure, level: LevelOfTheory) -> str:
    """A set that has all elements: ORCA stops when the general one lacks an element.

    Each element then gets its own in the ``%basis`` block.
    """
    if any(is_rare_earth(symbol) for symbol in structure.symbols):
        return "def2-TZVP"
    return level.basis.partition("+")[0]


def _check_level(level: LevelOfTheory) -> None:
    problems = [
        f"the ORCA engine has no {what} {value!r}: known are {', '.join(map(repr, known))}"
        for what, value, known in (
            ("method", level.method, _METHODS),
            ("dispersion correction", level.dispersion, _DISPERSIONS),
            ("basis", level.basis, _BASES),
            ("solvent", level.solvent, _SOLVENTS),
        )
        if value not in known
    ]
    if problems:
        raise InputError(problems)
