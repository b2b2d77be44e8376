"""The instrument's program: finds finished datasets, sends what the hub lacks, proves that it
arrived."""
