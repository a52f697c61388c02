"""What was billed? Provider bills, gateway spend and cost tables, read into lines of one shape."""
