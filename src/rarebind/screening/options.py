"""What a screen can be asked for: names, meanings and defaults, written once.

The command line, Python, the server and YAML files all read this.  It loads no chemistry, so that
``rarebind --help`` is quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from rarebind.elements import STUDY_METALS, is_lanthanide, rare_earth
from rarebind.io.yaml import shortened

#: What the road is called on which a network predicts the series, and that which takes it where
#: it can be taken.
MODEL, AUTO = "model", "auto"
#: (A, B): A over B.
Pair = tuple[str, str]
#: The series as chemists write it, what is not of it last.
DEFAULT_METALS = tuple(
    sorted(STUDY_METALS, key=lambda m: (not is_lanthanide(m), rare_earth(m).atomic_number))
)
#: More of anything was never meant.
_MANY = 10_000
#: What RDKit and NumPy both accept.
_LARGEST_SEED = 2**31 - 1


def _several(given: Any) -> Any:
    """One or several: a tuple of them; mappings are none, and the first of a set is anyone's."""
    if isinstance(given, str):
        return (given,)
    if isinstance(given, (bytes, Mapping, AbstractSet)):
        return given
    return tuple(given) if isinstance(given, Iterable) else given


def _pair(given: Any) -> Pair:
    parts = given.split("/") if isinstance(given, str) else given
    try:
        metal, other = (part.strip() for part in parts)
    except (AttributeError, TypeError, ValueError):
        metal = other = ""
    if metal and other:
        return metal, other
    raise ValueError(f"pairs: {shortened(given)} is no pair of metals: write it like Nd/Dy")


def _openable(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError(f"{shortened(str(path))} is no path: it holds a NUL")
    return path


#: A path as a path or text.
GivenPath = Annotated[Path, Field(strict=False), AfterValidator(_openable)]
#: A name of something, as long as any is.
Name = Annotated[str, Field(max_length=500)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_several)]
Pairs = Annotated[
    tuple[Annotated[Pair, BeforeValidator(_pair), PlainSerializer("/".join)], ...],
    BeforeValidator(_several),
]


class Options(BaseModel):
    """The options of a screen; what each means is said in its description."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    metals: Names = Field(
        default=DEFAULT_METALS,
        description="Rare earths, such as La Eu Lu.  The first is the reference of ΔΔE.",
        examples=["La"],
    )
    geometries: Names = Field(
        default=("1",),
        description="Ligands:waters (1:6), or ligands alone (1), whose waters are chosen for each "
        "metal where all is computed, else fill up eight donor atoms; with others by name, "
        "L:3,phen:1 or L:1,nitrate:3 (L: each ligand); several give speciation too.",
        examples=["1:6"],
    )
    coordination_number: int | None = Field(
        default=None,
        description="Donor atoms in all, which fixes the waters; by default chosen for ligands "
        "alone where all is computed, what a composition by names comes to, else 8.",
        examples=[8],
    )
    truncate_alkyls: int = Field(
        default=0,
        ge=0,
        le=_MANY,
        description="Carbon atoms that are kept of long alkyl groups, 1 for methyl; 0 keeps all.",
        examples=[1],
    )
    water_release: float | None = Field(
        default=None,
        ge=0,
        le=100,
        allow_inf_nan=False,
        description="Free energy of a water set free, kcal/mol, that waters are chosen with; by "
        "default that known of the level (rarebind hydration fits it).",
        examples=[22.6],
    )
    engine: Name = Field(
        default=AUTO,
        description="model: La, Sc and Y are computed, the series is predicted; tblite, xtb, "
        "package.module:factory of an ASE calculator: all is computed; auto: model where one comes "
        "along for the level and NequIP is installed, else tblite.",
        examples=["tblite"],
    )
    level: Name | None = Field(
        default=None,
        description="Level of theory of what is computed: gfn2-re, GFN2-xTB with parameters of the "
        "rare earths fitted to density functional theory, by default; gfn2-xtb, that of the model "
        "that comes along, of engine model; of xtb and others what the engine computes unasked.",
        examples=["gfn2-re"],
    )
    model: GivenPath | None = Field(
        default=None,
        description="Model file; by default the one that comes with rarebind.",
    )
    fall_back: bool = Field(
        default=True,
        description="Compute what the model has not seen, and what is unlike what it learned from.",
        examples=[True],
    )
    log_k: bool = Field(
        default=False,
        description="Stability constants of complexes with one ligand, by free energies with La, "
        "Gd and Lu (vibrations: some minutes a ligand), and calibrated on measured ones where a "
        "calibration of the level is known; ligands are ranked by them.",
        examples=[True],
    )
    calibration: GivenPath | None = Field(
        default=None,
        description="Calibration of log K (rarebind experiment train); by default the one that "
        "comes with rarebind, for its level.",
    )
    ionic_strength: float = Field(
        default=0.1,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="Of calibrated stability constants, mol/L.",
        examples=[0.1],
    )
    ph: float | None = Field(
        default=None,
        ge=-1,
        le=15,
        allow_inf_nan=False,
        description="Conditional stability constants at this pH, by which ligands are ranked then: "
        "pKa of the column pka, of the ligands that rarebind knows, else estimated.",
        examples=[4.0],
    )
    short_list: int = Field(
        default=0,
        ge=0,
        le=_MANY,
        description="Compute so many of the best ligands by DFT, for each number of them on M.",
        examples=[2],
    )
    short_list_level: Name = Field(
        default="b3lyp-d4", description="Level of the short list: b3lyp-d4 or b3lyp-d4-4f-in-core."
    )
    short_list_metals: Names = Field(
        default=(), description="Metals of the short list; by default the first.", examples=["La"]
    )
    pairs: Pairs = Field(
        default=(),
        description="Metals to separate, such as Nd/Dy: selectivity and fronts, beside those of "
        "the usual pairs.",
    )
    builder: Name = Field(default="auto", description="auto, grafting, embedding or architector.")
    conformers: Name = Field(
        default="rdkit", description="rdkit, or crest for a CREST search of every La complex."
    )
    ligand_conformers: int = Field(
        default=4,
        ge=1,
        le=_MANY,
        description="Conformers of a free ligand that are relaxed.",
        examples=[4],
    )
    relaxed_candidates: int = Field(
        default=4,
        ge=1,
        le=_MANY,
        description="Candidates of a builder that are relaxed.",
        examples=[4],
    )
    hops: int = Field(
        default=8,
        ge=0,
        le=_MANY,
        description="Relaxations of a La complex spent on turning its waters.",
        examples=[8],
    )
    symmetries: int = Field(
        default=10,
        ge=1,
        le=_MANY,
        description="Architector: arrangements a polyhedron.",
        examples=[10],
    )
    cores: Name = Field(default="common", description="Architector: common or all polyhedra.")
    series: Name = Field(
        default="swap",
        description="swap: every metal from the complex of La; interpolate: lanthanides between "
        "Ce and Lu from these two.",
    )
    seed: int = Field(
        default=111111,
        ge=0,
        le=_LARGEST_SEED,
        description="Seed of conformers and builders.",
        examples=[1],
    )
    unit: Literal["kcal/mol", "kJ/mol"] = Field(
        default="kcal/mol", description="Unit of the results."
    )
    strict: bool = Field(
        default=False,
        description="Compute nothing if a single ligand is bad or does not fit; else such ligands "
        "are left out.",
        examples=[True],
    )
    retry_failed: bool = Field(
        default=False, description="Try failed calculations again.", examples=[True]
    )
    workers: int | None = Field(
        default=None, ge=1, le=_MANY, description="Processes; by default one a core.", examples=[2]
    )
