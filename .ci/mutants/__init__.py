"""Mutation tests of the whole judge: one thing changed at a time in the code behind a verdict, and who notices."""
