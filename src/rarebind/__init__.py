"""rarebind: how strongly and how selectively a ligand binds each rare-earth ion."""

__version__ = "0.1.0"
