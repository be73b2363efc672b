"""How things break: one module per kind of target; each has its faults and the activities Chaos Toolkit calls."""
