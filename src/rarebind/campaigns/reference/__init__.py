"""Reference data of density functional theory: systems, geometries, calculations, shards."""
