"""The archive server's commands, a module for each kind; each only translates."""
