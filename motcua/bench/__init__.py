"""Measures of a hall beside bare parts on the same machine, in the same run: `motcua bench`."""
