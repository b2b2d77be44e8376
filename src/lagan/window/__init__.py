"""The agent's window: what the service does, shown and steered by somebody at the instrument; it
decides nothing itself."""
