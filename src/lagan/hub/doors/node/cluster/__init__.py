"""The other nodes: which there are, asking them, waking them, and where a node may go at all."""
