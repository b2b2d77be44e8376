"""Named groups of files, in trees: how they come, change and go out."""
