"""How the tables of the accounts room came to be."""
