"""The parts on a counter, and the words they speak."""
