"""Allegro for reactions of rare-earth complexes: signed energies, described metals and atoms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from allegro.model import AllegroModel
from e3nn.o3 import Irreps
from nequip.data import AtomicDataDict
from nequip.model import model_builder
from nequip.nn import GraphModuleMixin

from rarebind.learning.nequip.fields import ATOM_DESCRIPTOR, SIGNS

_EMBEDDING = "rarebind.learning.nequip.embedding.rare_earth_scalar_embed"


@model_builder
def RareEarthAllegro(  # noqa: N802
    *,
    signs: bool,
    atom_descriptor: str | None,
    metal_descriptors: bool,
    descriptor_scales: Mapping[str, tuple[float, float]] | None = None,
    radial_chemical_embed: Mapping[str, Any],
    **allegro: Any,
) -> GraphModuleMixin:
    """Build Allegro (Musaelian et al., Nat. Commun. 2023, 14, 579) with up to three additions.

    Parameters
    ----------
    signs
        Whether atoms count with a weight in the total energy.  A graph that holds a complex with
        weight 1 and, apart from it, a free ligand with weight −n gives the energy of the reaction:
        what binding does not change cancels, whatever the network thinks of it.
    atom_descriptor
        What atoms carry from the free ligand, which tells of substituents beyond the cutoff: one
        of :data:`~rarebind.learning.data.atom_descriptors.ATOM_DESCRIPTORS`, or nothing.
    metal_descriptors
        Whether rare earths are embedded by ionic radius and 4f count rather than as unrelated
        elements.
    descriptor_scales
        Its mean and standard deviation by element, from the training data; needed with it.
    radial_chemical_embed, allegro
        As for :func:`allegro.model.AllegroModel`.

    Raises
    ------
    ValueError
        `atom_descriptor` without `descriptor_scales`.
    """
    told = atom_descriptor is not None
    if told and descriptor_scales is None:
        raise ValueError("a network that knows a descriptor of atoms needs its scales")
    if told or metal_descriptors:
        radial_chemical_embed = {
            **radial_chemical_embed,
            "_target_": _EMBEDDING,
            "metals_described": metal_descriptors,
            "descriptor_scales": dict(descriptor_scales or {}) if told else None,
        }
    output = AllegroModel(radial_chemical_embed=dict(radial_chemical_embed), **allegro)
    network = output.func
    if signs:
        last = network.per_type_energy_scale_shift
        network.insert("signs", SignedEnergies(last.irreps_out), before="total_energy_sum")
    # Allegro's first module names the inputs of the whole, and does not know of these.
    inputs = {name: Irreps("0e") for name, has in ((SIGNS, signs), (ATOM_DESCRIPTOR, told)) if has}
    network.irreps_in.update(inputs)
    output.irreps_in.update(inputs)
    return output


class SignedEnergies(GraphModuleMixin, torch.nn.Module):
    """Multiplies the energy of every atom by its sign.

    Parameters
    ----------
    irreps_in
        Of the module before.
    """

    def __init__(self, irreps_in: Mapping[str, Any]) -> None:
        super().__init__()
        self._init_irreps(irreps_in={**irreps_in, SIGNS: "0e"})

    def forward(self, data: AtomicDataDict.Type) -> AtomicDataDict.Type:
        """Change the energies of the atoms, shape (N, 1), in place."""
        energies = data[AtomicDataDict.PER_ATOM_ENERGY_KEY]
        data[AtomicDataDict.PER_ATOM_ENERGY_KEY] = energies * data[SIGNS].to(energies.dtype)
        return data
