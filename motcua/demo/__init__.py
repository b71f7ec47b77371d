"""A whole hall on one machine, with its citizens: `motcua demo`."""
