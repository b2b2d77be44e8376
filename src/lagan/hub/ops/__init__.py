"""Running a hub: supervise, health, metrics, rebuild, demo."""
