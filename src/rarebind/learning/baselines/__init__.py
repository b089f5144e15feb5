"""What a neural network has to beat: models that learn the same target from simple features."""

from __future__ import annotations

from collections.abc import Iterable

from rarebind.registry import Registry, Spec

_LEARN = "Install it with: pip install scikit-learn"

BASELINES = Registry(
    "baseline",
    Spec(
        name="mean-per-metal",
        factory="rarebind.learning.baselines.linear:MeanPerMetal",
        summary="the mean of each metal",
        install="It needs NumPy alone.",
    ),
    Spec(
        name="additive",
        factory="rarebind.learning.baselines.linear:additive",
        summary="ridge on metal + scaffold + substituent + ligand count",
        install="It needs NumPy alone.",
    ),
    Spec(
        name="additive-interactions",
        factory="rarebind.learning.baselines.linear:additive_interactions",
        summary="the same by ligand count, with metal x scaffold and yttrium x substituent",
        install="It needs NumPy alone.",
    ),
    Spec(
        name="descriptors-gbt",
        factory="rarebind.learning.baselines.descriptors:DescriptorsGBT",
        summary="ridge and boosted trees on descriptors of metal, composition and ligand",
        modules=("rdkit", "sklearn"),
        install=_LEARN,
    ),
    Spec(
        name="descriptors-gp",
        factory="rarebind.learning.baselines.descriptors:DescriptorsGP",
        summary="Gaussian process on descriptors of metal, composition and ligand",
        modules=("rdkit", "scipy"),
        install="Install it with: pip install rdkit scipy",
    ),
    Spec(
        name="descriptors-3d-gp",
        factory="rarebind.learning.baselines.structural:DescriptorsGP3D",
        summary="the same, with radial histograms around the metal in the structure",
        modules=("rdkit", "scipy"),
        install="Install it with: pip install rdkit scipy",
    ),
    Spec(
        name="soap-gp",
        factory="rarebind.learning.baselines.structural:SoapGP",
        summary="the same, with SOAP at the metal instead of histograms (optional)",
        modules=("dscribe", "rdkit", "scipy"),
        install="Install it with: pip install 'rarebind[soap]'",
    ),
)

__all__ = ["BASELINES", "asked_or_installed"]


def asked_or_installed(asked: Iterable[str] | None, default: Iterable[str]) -> list[str]:
    """Names of baselines: those asked for, else those of `default` that can be used here.

    Raises
    ------
    InputError
        There is no such baseline.
    """
    names = list(dict.fromkeys(asked or default))
    missing = {name for name in names if BASELINES.spec(name).missing()}
    return [name for name in names if asked or name not in missing]
