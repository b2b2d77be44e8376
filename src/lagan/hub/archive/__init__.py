"""The catalogue of stored files: volumes, storage sets, files, replicas, and what keeps them
good."""
