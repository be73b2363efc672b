"""Reading and writing histories: JSON lines, packed records, columns, and other tools' files."""
