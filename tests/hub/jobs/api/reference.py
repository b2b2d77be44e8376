"""Every request that the workflow hub documents, as a table: method, address, body, the documented
status and the documented fields of the answer.

Source: seeds/workflow-hub.txt, "Reference". `{job}` and the like stand for what `Scene` made.
Passwords are documented in answers of users, and never told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PAGE = ("count", "next", "previous")
KEY = ("id", "name", "url")
USER = (
    "date_joined", "email", "first_name", "id", "is_active", "last_login", "last_name", "url",
    "username",
)  # fmt: skip
JOB = (
    "created", "dir_walk_complete", "id", "jobtype", "num_dir_tasks", "numfailedfiles", "numfiles",
    "numprocessedfiles", "numskippedfiles", "owner", "site", "state", "url",
)  # fmt: skip
WHOLE_JOB = (*JOB, "discovery", "paths")
SITE = ("id", "name", "url")
TASK = ("job", "state", "taskid", "tasktype", "url")
WHOLE_TASK = (
    *TASK, "numfailedfiles", "numfiles", "numprocessedfiles", "numskippedfiles", "paths", "results",
)  # fmt: skip
WORKFLOW = ("fields", "icon", "id", "label", "name", "steps")
STATUS = ("background_color", "key", "label", "text_color", "url")
RUN = ("discovery", "fields", "job", "paths", "site", "workflow")


@dataclass(frozen=True, slots=True)
class Documented:
    """A request and what is documented of its answer; `rows` are the fields of a page's rows."""

    method: str
    path: str
    status: int = 200
    fields: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


_USER = {"username": "new.user@x", "password": "nine loud herons", "email": "new@example.org",
         "first_name": "New", "last_name": "User"}  # fmt: skip
_WORKFLOW = {"name": "again", "label": "Again", "icon": "<i></i>", "fields": [],
             "steps": [{"name": "dynamo.tasks.recall"}]}  # fmt: skip
_COLOURS = {"background_color": "#fff", "label": "There", "text_color": "#000"}

REFERENCE = (
    Documented("GET", "auth/clientkeys/", 200, PAGE, KEY),
    Documented("POST", "auth/clientkeys/", 201, ("api_key", *KEY), body={"name": "n"}),
    Documented("GET", "auth/clientkeys/{key}/", 200, KEY),
    Documented("PATCH", "auth/clientkeys/{key}/", 200, KEY, body={"name": "m"}),
    Documented("DELETE", "auth/clientkeys/{key}/", 204),
    Documented("POST", "auth/token/", 201, ("access", "refresh"),
               body={"username": "admin", "password": "{password}"}),
    Documented("POST", "auth/token/refresh/", 201, ("access",), body={"refresh": "{refresh}"}),
    Documented("POST", "auth/token/verify/", 201, ("token", "type"),
               body={"token": "{refresh}", "type": "refresh"}),
    Documented("GET", "file/?path=/data&site=lab&details=true", 503),
    Documented("GET", "file/test/"),
    Documented("POST", "file/workflow/", 201, RUN,
               body={"paths": ["/data/a"], "site": "lab", "workflow": "recall", "fields": {},
                     "discovery": "recursive", "job": None}),
    Documented("GET", "filestatustypes/", 200, PAGE, STATUS),
    Documented("GET", "filestatustypes/{status}/", 200, STATUS),
    Documented("PATCH", "filestatustypes/{status}/", 200, tuple(_COLOURS), body=_COLOURS),
    Documented("GET", "jobs/?created=7d&jobtype=copy&state=PENDING&owner=admin&page=1", 200,
               (*PAGE, "stats"), JOB),
    Documented("POST", "jobs/", 201, WHOLE_JOB, body={"jobtype": "sync", "site": "lab"}),
    Documented("GET", "jobs/recent/?page=1&page_size=20", 200, PAGE, WHOLE_JOB),
    Documented("GET", "jobs/{job}/", 200, WHOLE_JOB),
    Documented("PATCH", "jobs/{outside}/", 200, WHOLE_JOB, body={"numfiles": 5}),
    Documented("DELETE", "jobs/{ended}/", 204),
    Documented("GET", "jobs/{job}/files/?category=failed", 200, WHOLE_JOB),
    Documented("POST", "jobs/{ended}/resubmit/", 201),
    Documented("GET", "sites/", 200, PAGE, SITE),
    Documented("POST", "sites/", 201, SITE, body={"name": "paris"}),
    Documented("GET", "sites/{site}/", 200, SITE),
    Documented("PATCH", "sites/{empty}/", 200, SITE, body={"name": "rome"}),
    Documented("DELETE", "sites/{empty}/", 204),
    Documented("GET", "tasks/?tasktype=s&state=PENDING&job={job}", 200, PAGE, TASK),
    Documented("GET", "tasks/{task}/", 200, WHOLE_TASK),
    Documented("GET", "users/", 200, PAGE, USER),
    Documented("POST", "users/", 201, ("email", "first_name", "last_name", "username"),
               body=_USER),
    Documented("GET", "users/{user}/", 200, USER),
    Documented("PATCH", "users/{user}/", 200, ("email", "first_name", "last_name"),
               body={"first_name": "Other", "password": "ten loud herons"}),
    Documented("DELETE", "users/{user}/", 204),
    Documented("POST", "users/{user}/activate/", 201),
    Documented("POST", "users/{user}/deactivate/", 201),
    Documented("GET", "workflows/", 200, PAGE, WORKFLOW),
    Documented("POST", "workflows/", 201, WORKFLOW, body=_WORKFLOW),
    Documented("GET", "workflows/{workflow}/", 200, WORKFLOW),
    Documented("PATCH", "workflows/{workflow}/", 200, WORKFLOW, body={"label": "Other"}),
    Documented("DELETE", "workflows/{workflow}/", 204),
)  # fmt: skip

OURS = (
    Documented("POST", "token/refresh/", 201, ("access",), body={"refresh": "{refresh}"}),
    Documented("POST", "file/workflow/preview/", 200, ("stages",),
               body={"paths": ["/data/a"], "site": "lab", "workflow": "recall"}),
    Documented("GET", "groups/", 200, PAGE, ("url", "id", "name", "members")),
    Documented("POST", "groups/", 201, ("members",), body={"name": "Imaging"}),
    Documented("GET", "groups/{group}/", 200, ("members",)),
    Documented("PATCH", "groups/{group}/", 200, ("members",), body={"members": ["owner"]}),
    Documented("DELETE", "groups/{group}/", 204),
    Documented("GET", "jobs/{job}/progress/", 200, ("fraction", "total", "paused")),
    Documented("GET", "jobs/{job}/failures/", 200, ("items", "next")),
    Documented("POST", "jobs/{job}/cancel/", 200, ("fraction",)),
    Documented("POST", "jobs/{job}/pause/", 200, ("paused",)),
    Documented("POST", "jobs/{job}/resume/", 200, ("paused",)),
    Documented("POST", "jobs/{ended}/retry/", 200, ("fraction",)),
    Documented("GET", "sites/{site}/workers/"),
    Documented("GET", "sites/{site}/keys/"),
    Documented("POST", "sites/{site}/keys/", 201, ("key", "name"), body={"name": "k"}),
    Documented("DELETE", "sites/{site}/keys/{sitekey}/", 204),
    Documented("POST", "workflows/restore/recall/", 200, WORKFLOW),
)  # fmt: skip
