"""What a screen can be asked for: names, meanings and defaults, written once.

The command line, Python, the server and YAML files all read this.  It loads no chemistry, so that
``rarebind --help`` is quick.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

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
#: What RDKit and NumPy both accept.
_LARGEST_SEED = 2**31 - 1


def _several(given: Any) -> Any:
    """One or several: a tuple of them."""
    if isinstance(given, str):
        return (given,)
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


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]
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
        description="Ligands:waters (1:6), or ligands alone (1), filled up with water; with others "
        "by name, L:3,phen:1 or L:1,nitrate:3 (L: each ligand); several give speciation too.",
        examples=["1:6"],
    )
    coordination_number: int | None = Field(
        default=None,
        description="Donor atoms in all; by default 8, or what a composition by names comes to.",
        examples=[8],
    )
    engine: str = Field(
        default=AUTO,
        description="model: La, Sc and Y are computed, the series is predicted; tblite, xtb, "
        "package.module:factory of an ASE calculator: all is computed; auto: model where NequIP is "
        "installed, else tblite.",
        examples=["tblite"],
    )
    level: str | None = Field(
        default=None,
        description="Level of theory of what is computed, such as gfn2-xtb; by default that of the "
        "engine, gfn2-xtb of tblite and xtb.",
        examples=["gfn2-xtb"],
    )
    model: Path | None = Field(
        default=None,
        strict=False,
        description="Model file; by default the one that comes with rarebind.",
    )
    fall_back: bool = Field(
        default=True,
        description="Compute what the model has not seen, and what is unlike what it learned from.",
        examples=[True],
    )
    short_list: int = Field(
        default=0,
        ge=0,
        description="Compute so many of the best ligands by DFT, of every geometry.",
        examples=[2],
    )
    short_list_level: str = Field(
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
    builder: str = Field(default="auto", description="auto, grafting, embedding or architector.")
    conformers: str = Field(
        default="rdkit", description="rdkit, or crest for a CREST search of every La complex."
    )
    ligand_conformers: int = Field(
        default=4, ge=1, description="Conformers of a free ligand that are relaxed.", examples=[4]
    )
    relaxed_candidates: int = Field(
        default=4, ge=1, description="Candidates of a builder that are relaxed.", examples=[4]
    )
    hops: int = Field(
        default=8,
        ge=0,
        description="Relaxations of a La complex spent on turning its waters.",
        examples=[8],
    )
    symmetries: int = Field(
        default=10, ge=1, description="Architector: arrangements a polyhedron.", examples=[10]
    )
    cores: str = Field(default="common", description="Architector: common or all polyhedra.")
    series: str = Field(
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
        default=None, ge=1, description="Processes; by default one a core.", examples=[2]
    )
