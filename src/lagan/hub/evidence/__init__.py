"""What can be shown to others and checked by them without us: the record by who may read it, its
anchors on the volumes, and certificates of what is kept."""
