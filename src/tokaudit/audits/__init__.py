"""Which questions are asked of every period? One audit a file: its words, its thresholds, one pure function."""
