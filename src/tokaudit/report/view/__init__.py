"""What does the report say? A run becomes one `Page` of strings and chart geometry, a file a section."""
