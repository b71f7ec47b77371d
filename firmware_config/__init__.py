"""What a node's disk holds: data and templates, no logic."""
