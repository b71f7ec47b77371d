"""The shipped hall under a virtual clock, with simulated citizens; no second model of the queue."""
