"""How the tables of the audit room came to be."""
