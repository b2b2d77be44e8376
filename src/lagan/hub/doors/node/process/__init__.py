"""The process of a node: started, configured, logged, measured, mailed about, ended."""
