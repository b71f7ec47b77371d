"""The hall: commands and device events in, facts out, and what people see of them."""
