"""Who: users, each with its USER entity, their credentials and logins."""
