"""How much may be asked for at once."""

from __future__ import annotations

from rarebind.ligands.smiles import MAX_LENGTH

#: Bytes of a request.
MAX_BODY = 256 * 1024
#: Seconds for a request to arrive.
BODY_TIME = 20.0
#: Characters of a SMILES, as on the command line.
MAX_SMILES = MAX_LENGTH
#: Lines with a ligand.
MAX_LIGANDS = 200
MAX_GEOMETRIES = 8
#: Relaxations of a complex spent on turning its waters.
MAX_HOPS = 100
#: Pairs of metals to separate.
MAX_PAIRS = 20
#: Ligands of a short list, for every metal and geometry.
MAX_SHORT_LIST = 20
#: Ligands × metals × geometries.
MAX_COMPLEXES = 10_000
#: Screens that wait; one more runs.
MAX_WAITING = 8
