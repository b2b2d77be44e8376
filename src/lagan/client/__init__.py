"""The Python client of Lagan's API, and the commands built on it."""

from lagan.client.batch import Acknowledgement, Member
from lagan.client.hub import Hub
from lagan.client.lookup import State, Wanted
from lagan.client.uploads import Stored, Uploads

__all__ = ["Acknowledgement", "Hub", "Member", "State", "Stored", "Uploads", "Wanted"]
