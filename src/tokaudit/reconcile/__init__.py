"""Why is the bill not what the logs say? From our list cost to the billed amount, cause by cause."""
