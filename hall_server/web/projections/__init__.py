"""From the hall's state to what each page shows: pure, one module a kind of person."""
