"""Work in progress: jobs, tasks, schedules and the ledger by which any number of workers share them
safely."""
