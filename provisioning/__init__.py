"""The technician's tool; empty until nodes are enrolled over TLS."""
