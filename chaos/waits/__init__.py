"""What a method waits for between its faults: actions that change nothing and fail when it does not come."""
