"""Ratings: windows bound to served tickets, and what counts in them."""
