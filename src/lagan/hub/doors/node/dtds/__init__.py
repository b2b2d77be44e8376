"""The document types that status documents name, as files and as answers."""
