"""What the scenarios stand on: projects, load, the daemon, conditions with deadlines."""
