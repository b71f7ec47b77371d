"""Tests of the hall, one folder a room, with the real parts they share."""
