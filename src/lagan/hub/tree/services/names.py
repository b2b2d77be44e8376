"""The names that every tree has, and the lock that guards its shape."""

ROOT, ADMINISTRATORS, USERS = "root", "Administrators", "Users"

SHAPE = "tree.shape"
"""The lock that creation shares and moving holds alone: a path is never read while it is
rewritten."""
TEMPLATE_NAMES = "tree.template-names"
"""The lock of whoever names a template: no other one has the name, in whatever group it is."""
