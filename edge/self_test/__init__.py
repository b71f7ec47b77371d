"""The node's self-test: each device step by step with a technician, and a signed report."""
