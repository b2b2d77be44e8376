"""Other clusters are mirrored: what they have and we have not is listed, queued and fetched."""
