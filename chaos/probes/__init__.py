"""What a hypothesis asks: plain functions that return a value, and raise when there is no data to answer from."""
