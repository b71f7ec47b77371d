"""What the hall measured, on its way to a time-series store: facts, points, spool, store."""
