"""What a dataset says of itself to the world: its facts once, then in each standard's words."""
