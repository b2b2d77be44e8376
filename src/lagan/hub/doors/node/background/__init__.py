"""What a node does by itself while it is ONLINE, a service each."""
