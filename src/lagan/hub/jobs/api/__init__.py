"""Sites, workflows, jobs, tasks and files over HTTP as `seeds/workflow-hub.txt` documents them, and
our own actions beside them."""
