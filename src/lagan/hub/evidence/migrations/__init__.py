"""How the tables of the evidence room came to be."""
