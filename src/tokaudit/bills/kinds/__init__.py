"""The kinds of bills: one file each."""
