"""The queue: tickets, counters, who is called next, and how long it takes."""
