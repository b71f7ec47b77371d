"""The agent on a node: settings, devices, outbox, link; health, watchdog, self-test."""
