"""Networks and how they are trained, declared in ``data/presets.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field

from rarebind.errors import InputError
from rarebind.io.models import Section, validated
from rarebind.io.yaml import read_yaml

_FILE = "presets.yaml"

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Plateau(Section):
    """The learning rate falls where the validation error no longer does.

    Attributes
    ----------
    factor
        What it is multiplied with.
    patience
        Epochs without improvement before that.
    threshold
        Smallest improvement of the validation error that counts, eV.
    stop
        Training ends when the learning rate is below this.
    """

    kind: Literal["plateau"]
    factor: Share
    patience: Count
    threshold: NotNegative
    stop: NotNegative


class Cosine(Section):
    """The learning rate falls from step to step, as a cosine, to zero in the last epoch."""

    kind: Literal["cosine"]


class Constant(Section):
    """The learning rate stays."""

    kind: Literal["constant"]


class Preset(Section):
    """A network and how it is trained.

    Attributes
    ----------
    summary
        One line for people.
    r_max
        Å; how far an atom sees.
    centres
        Å; only atoms at most this far from the metal have an energy, which makes the network as
        much faster as there are fewer of them; with `signs`, as the energies of the others are
        then about the same in what is taken off.  None: all atoms.
    l_max
        Highest order of the spherical harmonics.
    parity
        Whether features change sign on inversion as well as not.
    num_layers, num_scalar_features, num_tensor_features
        Of Allegro.
    num_bessels, bessel_trainable, polynomial_cutoff_p
        Of the radial basis.
    embed_mlp_depth, embed_mlp_width
        Hidden layers of the two-body perceptron and their width.
    latent_mlp_depth, latent_mlp_width
        Of the perceptrons in Allegro's layers.
    readout_mlp_depth, readout_mlp_width
        Of the perceptron that gives the energy of an edge.
    scale
        Size of an atom's energy: ``residual``: what compositions leave open, see
        :func:`rarebind.learning.data.shifts.species_shifts`; ``energy-per-atom``: the standard
        deviation of energies divided by numbers of atoms.
    signs, atom_descriptor, metal_descriptors
        Additions to Allegro; see :mod:`rarebind.learning.nequip.model`.
    loss
        ``mae`` or ``mse``, of the energy in eV.
    force_weight
        Weight of the forces in the loss (eV/Å), that of the energy being 1; 0: none are computed.
    learning_rate, weight_decay
        Of Adam; with a weight decay, of AdamW.
    gradient_clip
        Largest norm of the gradient; None: any.
    batch_size, validation_batch_size
        Complexes.
    like_sized_batches
        Whether the complexes of a batch have about the same size.
    max_epochs
        Times that every complex is seen.
    ema_decay
        Of the average of the weights that is validated and kept.
    schedule
        Of the learning rate.
    """

    summary: str
    r_max: Positive
    centres: Positive | None
    l_max: Annotated[int, Field(ge=0, le=4)]
    parity: bool
    num_layers: Count
    num_scalar_features: Annotated[int, Field(ge=2, multiple_of=2)]
    num_tensor_features: Count
    num_bessels: Count
    bessel_trainable: bool
    polynomial_cutoff_p: Annotated[float, Field(ge=2)]
    embed_mlp_depth: Annotated[int, Field(ge=0)]
    embed_mlp_width: Count
    latent_mlp_depth: Annotated[int, Field(ge=0)]
    latent_mlp_width: Count
    readout_mlp_depth: Annotated[int, Field(ge=0)]
    readout_mlp_width: Count
    scale: Literal["residual", "energy-per-atom"]
    signs: bool
    atom_descriptor: Literal["charges", "proton-affinities"] | None
    metal_descriptors: bool
    loss: Literal["mae", "mse"]
    force_weight: NotNegative
    learning_rate: Positive
    weight_decay: NotNegative
    gradient_clip: Positive | None
    batch_size: Count
    validation_batch_size: Count
    like_sized_batches: bool
    max_epochs: Count
    ema_decay: Share
    schedule: Annotated[Plateau | Cosine | Constant, Field(discriminator="kind")]

    @property
    def plain(self) -> bool:
        """Whether the network is NequIP's own Allegro."""
        return not (self.signs or self.atom_descriptor or self.metal_descriptors)


@cache
def presets() -> dict[str, Preset]:
    """The presets by name."""
    content, source = read_yaml(_FILE, None, "presets")
    found: dict[str, Any] = content["presets"]
    return {
        name: validated(
            found.get(values.get("like"), {}) | {k: v for k, v in values.items() if k != "like"},
            Preset,
            f"{source}: preset {name}",
        )
        for name, values in found.items()
    }


def preset_named(name: str, overrides: Mapping[str, Any] | None = None) -> Preset:
    """The preset called `name`, some of its keys overridden.

    Raises
    ------
    InputError
        No such preset or key, or a value is none: every fault, and what is known.
    """
    if name not in presets():
        raise InputError(f"unknown preset {name!r}: known are {', '.join(presets())}")
    values = presets()[name].model_dump() | dict(overrides or {})
    return validated(values, Preset, "overrides")
