"""Templates: what the metadata of new and changed entities must be, decided down the tree."""
