"""The engines by name, and what each can do.

Besides those registered here and by entry points, any factory of ASE calculators is one, as
``package.module:callable``; with ``@ENVIRONMENT`` behind it, an ASE calculator runs in a Python
environment of its own (:mod:`rarebind.engines.remote`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rarebind.engines.level import GFN2_WATER, LevelOfTheory
from rarebind.engines.remote_child import ANY, keywords
from rarebind.errors import InputError
from rarebind.registry import Registry, Spec, imported


@dataclass(frozen=True)
class EngineSpec(Spec):
    """An engine: how it is made, and what it can do.

    Attributes
    ----------
    level
        What it computes where nothing else is asked for; None: the method of its own name.
    methods
        The only methods it has; empty: it looks at the name itself.
    solvents
        Its solvation models.
    elements
        Atomic numbers that it knows; empty: it looks itself.
    options
        Options of a level that it heeds; None: any.
    parameters
        Whether it takes weights or parameters from a file.
    frozen_4f
        Whether 4f electrons are in the core, or nowhere: every M3+ is closed-shell.
    knows_charge
        Whether the total charge changes the energy.
    bare_ion
        Whether the energy of an ion alone means something.
    periodic
        Whether it heeds a cell.
    quick
        Whether a gradient of a complex takes seconds, not hours.
    gpu
        Whether it needs a GPU.
    """

    level: LevelOfTheory | None = None
    methods: tuple[str, ...] = ()
    solvents: tuple[str, ...] = ()
    elements: frozenset[int] = frozenset()
    options: tuple[str, ...] | None = ()
    parameters: bool = False
    frozen_4f: bool = False
    knows_charge: bool = False
    bare_ion: bool = False
    periodic: bool = False
    quick: bool = False
    gpu: bool = False

    @property
    def default_level(self) -> LevelOfTheory:
        """What it computes where nothing else is asked for."""
        return self.level or LevelOfTheory(self.name, self.name.rpartition(":")[2])


def ase_engine(name: str, calculator: str, **fields: Any) -> EngineSpec:
    """The spec of an engine that is an ASE calculator.

    Parameters
    ----------
    name
        Of the engine.
    calculator
        What makes the calculator, ``"package.module:callable"``; it is given ``charge``,
        ``multiplicity`` and ``parameters`` (the path of a file) if it takes them by these names,
        and the options of the level.
    fields
        Of :class:`EngineSpec`, where it is not quick, heeds no cell, or has explicit 4f electrons.
    """
    return EngineSpec(
        name=name,
        factory="rarebind.engines.ase_calculator:ASEEngine",
        arguments=(("name", name), ("calculator", calculator)),
        **{"summary": f"the ASE calculator {calculator}", **_ASE, **fields},
    )


def _named(name: str) -> EngineSpec | None:
    """The spec of ``module:factory``, and of that or of a registered engine with ``@ENVIRONMENT``.

    Imports the module, or starts a process of the environment that does.
    """
    engine, _, environment = name.partition("@")
    spec = ENGINES.known(engine) if environment else None
    if spec is None and ":" not in engine:
        return None
    spec = spec or ase_engine(engine, engine)
    if not environment:
        return replace(spec, **_described(keywords(imported(engine))))
    calculator = dict(spec.arguments).get("calculator")
    if calculator is None:
        raise InputError(
            f"the engine {engine} does not run in another environment: only ASE calculators do"
        )
    arguments = (*spec.arguments, ("environment", environment))
    spec = replace(
        spec, name=name, factory=_REMOTE, arguments=arguments, modules=(), programs=(),
        level=replace(spec.default_level, environment=environment),
    )  # fmt: skip
    if ":" not in engine:
        return spec
    from rarebind.engines.remote import remote_engine

    description = remote_engine(engine, calculator, environment).description
    return replace(spec, **_described(description["keywords"]))


def _described(takes: Sequence[str]) -> dict[str, Any]:
    """What the names say that a factory of calculators can be given."""
    own = ("charge", "multiplicity", "parameters")
    return {
        "options": None if ANY in takes else tuple(name for name in takes if name not in own),
        "parameters": "parameters" in takes,
        "frozen_4f": "multiplicity" not in takes,
        "knows_charge": "charge" in takes,
        "bare_ion": "charge" in takes,
    }


#: The labels of the reference study.
B3LYP_D4_WATER = LevelOfTheory(
    "pyscf", "B3LYP", "def2-SVPD+def2-TZVP", solvent="SMD(water)", dispersion="D4"
)
#: Of the reference forces, with 4f electrons in the core.
PBE_D4_WATER = LevelOfTheory(
    "pyscf-fitted", "PBE", "ma-def2-SVP+lcecp-1-TZVP", solvent="SMD(water)", dispersion="D4"
)
_XTB: dict[str, Any] = {
    "level": GFN2_WATER,
    "methods": ("GFN2-xTB", "GFN1-xTB"),
    "solvents": ("ALPB", "GBSA"),
    "elements": frozenset(range(1, 87)),
    "frozen_4f": True,
    "knows_charge": True,
    "bare_ion": True,
    "quick": True,
}
_DFT: dict[str, Any] = {
    "level": B3LYP_D4_WATER,
    "solvents": ("SMD",),
    "knows_charge": True,
    "bare_ion": True,
}
#: What is taken for granted of an ASE calculator.
_ASE = {"frozen_4f": True, "periodic": True, "quick": True}
_REMOTE = "rarebind.engines.remote:remote_engine"

ENGINES = Registry(
    "engine",
    EngineSpec(
        name="tblite",
        factory="rarebind.engines.tblite:TBLite",
        summary="GFN1-xTB and GFN2-xTB in the tblite library (default)",
        modules=("tblite",),
        install="Install it with: pip install tblite",
        options=("accuracy",),
        parameters=True,
        **_XTB,
    ),
    EngineSpec(
        name="xtb",
        factory="rarebind.engines.xtb_program:XTBProgram",
        summary="GFN1-xTB and GFN2-xTB by the xtb program",
        programs=("xtb",),
        install="Install the xtb program (Debian: apt install xtb; conda-forge: xtb) on the PATH.",
        **_XTB | {"level": replace(GFN2_WATER, engine="xtb")},
    ),
    EngineSpec(
        name="pyscf",
        factory="rarebind.engines.dft.engine:PySCF",
        summary="density functional theory by PySCF on the CPU",
        modules=("pyscf", "basis_set_exchange", "dftd4"),
        install="Install it with: pip install 'rarebind[dft]'",
        **_DFT,
    ),
    EngineSpec(
        name="pyscf-fitted",
        factory="rarebind.engines.dft.fitted:FittedPySCF",
        summary="the same for closed shells, faster: one density fit, coarser grids",
        modules=("pyscf", "basis_set_exchange", "dftd4"),
        install="Install it with: pip install 'rarebind[dft]'",
        **_DFT | {"level": PBE_D4_WATER},
    ),
    EngineSpec(
        name="gpu4pyscf",
        factory="rarebind.engines.dft.gpu:GPU4PySCF",
        summary="density functional theory by GPU4PySCF on an NVIDIA GPU",
        modules=("gpu4pyscf", "pyscf", "basis_set_exchange", "dftd4"),
        install="Install it with: pip install 'rarebind[dft-gpu]' (NVIDIA GPU and CUDA 12)",
        gpu=True,
        **_DFT | {"level": replace(B3LYP_D4_WATER, engine="gpu4pyscf")},
    ),
    EngineSpec(
        name="orca",
        factory="rarebind.engines.orca.program:OrcaProgram",
        summary="density functional theory by the ORCA program, version 5 or 6",
        modules=("basis_set_exchange",),
        programs=("orca",),
        install=(
            "Get ORCA 5 or 6 (free for academics, https://www.faccts.de) and put its folder on "
            "the PATH; or `rarebind label --write-inputs` and run it elsewhere. Its inputs need "
            "pip install 'rarebind[dft]'."
        ),
        **_DFT | {"level": replace(B3LYP_D4_WATER, engine="orca"), "solvents": ("SMD", "CPCM")},
    ),
    named=_named,
)


def engine_spec(level: LevelOfTheory) -> EngineSpec:
    """What is known of the engine of `level`; imports nothing.

    Of a program that is not known here, as that of an imported record, what is known of another
    engine with the same method; else that it can do nothing.
    """
    known = ENGINES.known(level.engine_name) or ENGINES.known(level.engine)
    if known is not None:
        return known
    alike = (spec for spec in ENGINES if level.method in spec.methods)
    return next(alike, EngineSpec(level.engine, "", "an engine that is not known here"))
