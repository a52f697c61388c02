"""What can other programs take away? Tables of calls and features, and FOCUS files."""
