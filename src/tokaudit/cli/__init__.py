"""Which commands are there? Each parses its options, makes one library call, and prints."""
