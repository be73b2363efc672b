"""On the path of each Python process that a judged test starts."""
