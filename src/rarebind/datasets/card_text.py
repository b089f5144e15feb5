"""The words of a dataset's card."""

from __future__ import annotations

#: Fields of a frame: name, unit, meaning.
FIELDS = (
    ("energy", "eV", "total energy; of the whole geometry, at `level`"),
    ("forces", "eV/Å", "column of each atom, rounded to 1e-5; absent where none were computed"),
    ("pos", "Å", "column of each atom (`positions` in ASE), rounded to 1e-5"),
    ("binding_energy", "eV", "equation 1: E(complex) − E(M³⁺) − n E(ligand) − w E(H₂O)"),
    ("exchange_energy", "eV", "[M(H₂O)ₘ]³⁺ + n L → complex + (m − w) H₂O; the bare ion cancels"),
    ("aqua_waters", "", "m, the waters of the aqua ion that `exchange_energy` refers to"),
    ("coordination_number", "", "donor atoms around the metal, counted in the final geometry"),
    ("charge", "e", "total charge"),
    ("multiplicity", "", "2S + 1 of the true state, 4f electrons counted; GFN-xTB sees singlets"),
    ("kind", "", "`complex`, or a reference: `aqua` (aqua ion), `ligand`, `water`, `ion`"),
    ("role", "", "`end`: the final geometry; `intermediate`: one on the way to it"),
    ("status, reason", "", "`ok`, or `rejected` and why; a rejected complex has no binding energy"),
    ("metal, geometry", "", "symbol; ligands:waters"),
    ("n_ligands, waters", "", "the same as numbers"),
    ("ligand, scaffold, substituent", "", "names of the ligand and of its parts"),
    ("smiles, inchikey", "", "of the ligand as it binds (deprotonated)"),
    ("donors", "", "donor atoms of one ligand, as indices into its SMILES"),
    ("level", "", "level of theory in words; only energies of one level may be combined"),
    ("engine, method, basis, solvent, dispersion", "", "the same in parts; empty ones left out"),
    ("verb", "", "`relax`, or `static` where the geometry was taken as it is"),
    ("engine_version", "", "program and version"),
    ("gradients, wall_time", "–, s", "what the calculation cost"),
    ("label, key", "", "name for people; name of the calculation, the same in `table.csv`"),
    ("schema", "", "version of these fields"),
)

#: The same of records computed on another record's geometry, and of their electronic state.
STATE_FIELDS = (
    ("source", "", "`key` of the record on whose geometry this one was computed"),
    ("s_squared", "", "⟨S²⟩ of the determinant; S(S + 1) without spin contamination"),
    ("f_electrons, metal_spin", "", "4f population and unpaired electrons of the metal"),
    ("energy_dispersion", "eV", "part of `energy`: the dispersion correction"),
    ("energy_cavity", "eV", "part of `energy`: what solvation adds beside electrostatics"),
    ("scf_attempts, scf_converged_attempts", "", "guesses tried, and those that led to a solution"),
    ("scf_spread", "eV", "highest less lowest energy of the solutions found"),
    ("basis_functions, scf_cycles", "", "contracted functions; iterations over all guesses"),
    ("scf_memory", "MB", "estimate of the memory needed"),
)

SEVERAL_LEVELS = """\
There are several levels of theory in it. Choose one before learning anything from it: by `level`
and `engine` of a frame or a line of the table, or with `rarebind dataset export … --level`.
`rarebind dataset compare` shows what lies between two of them.
"""

ABOUT = """\
Complexes of rare-earth M³⁺ ions with ligands and water: relaxed geometries, geometries on the way
to them, energies, forces, and binding energies with all the calculations they are made of. The
protocol follows Gupta, Hetherington and de Jong, *Digital Discovery* 2026, 5, 363
(DOI 10.1039/d5dd00286a); the calculations are rarebind's own. Atoms stand metal first, then ligand
by ligand (heavy atoms in the order of the SMILES, then hydrogens), then water by water (O, H, H).
"""

LIMITS = """\
- Energies are electronic: no zero-point, thermal or entropy terms. Releasing water gains entropy
  that is not counted.
- **Equation 1 compares ligands with the same metal, geometry and level.** Between metals it carries
  the error of E(M³⁺), which for a bare trication in a continuum is as large as the effect sought.
  Values from different levels must never be combined.
- GFN2-xTB keeps the 4f shell in the core: it sees no 4f electrons and no spin of the metal,
  whatever `multiplicity` says. It makes bonds from trivalent metals to anionic oxygen too short,
  and its continuum treats charged ligands unevenly.
- **Trends along the series come out too favourable for the light metals at GFN2-xTB.** Their sign
  is not to be read as experiment; differences between ligands are what they are for.
- **Y does not lie among the lanthanides at GFN2-xTB**, which has parameters of its own for it: see
  its distance from their line above. Compare ligands for Y, not Y with lanthanides.
- Start geometries of Pr to Yb are interpolated between Ce and Lu, so a series keeps to one basin; a
  lower one may exist.
- The surface grid of the ALPB continuum does not turn with the molecule: rotating one
  [La(H₂O)₈]³⁺ changed its energy by 0.04 kcal/mol (standard deviation; range 0.15).
- One conformer a complex; no second coordination sphere, no counter-ions.
"""

CAPTIONS = {
    "counts.png": "Accepted complexes by metal, scaffold and geometry.",
    "energies.png": (
        "Binding energies over all metals and ligands, by geometry and scaffold: median, "
        "quartiles, whiskers to the 5th and 95th percentile. Equation 1 has E(M³⁺) in it, which "
        "differs from metal to metal; the exchange energy is free of it."
    ),
    "distances.png": (
        "Mean metal–donor distance against ionic radius (Shannon, coordination number 8), over the "
        "complexes that all compared metals have. Lines through the lanthanides; Y is open."
    ),
    "series.png": (
        "Mean exchange energy relative to La, over the complexes that all compared metals have. "
        "Y, which is no lanthanide, stands apart."
    ),
}

LICENCE = """\
## Licence and citation

MIT licence, like rarebind itself. Source of the protocol: Gupta, Hetherington, de Jong, *Digital
Discovery* 2026, 5, 363, DOI 10.1039/d5dd00286a.
"""
