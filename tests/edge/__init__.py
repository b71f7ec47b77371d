"""The agent on a node, against a real broker."""
