"""Where things are and who may: entities, memberships, grants, metadata; one permission rule."""
