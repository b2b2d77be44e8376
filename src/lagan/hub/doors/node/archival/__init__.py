"""How a file that arrives is understood, stored, copied and told of, whoever brings it."""
