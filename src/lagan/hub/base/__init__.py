"""What every room of the hub stands on: settings, actors, problems, pages by key, bulk inserts,
locks."""
