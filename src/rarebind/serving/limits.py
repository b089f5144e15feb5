"""How much may be asked for at once."""

from __future__ import annotations

from rarebind.ligands.smiles import MAX_LENGTH

#: Bytes of a request.
MAX_BODY = 256 * 1024
#: Seconds for a request to arrive: its headers, and what follows them.
HEADER_TIME, BODY_TIME = 10.0, 20.0
#: Bytes of address and headers of a request.
MAX_HEADERS = 16 * 1024
#: Connections on which no headers have come, of those that are there at once.
MAX_IDLE = 40
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
