"""How the tables of the tree room came to be."""
