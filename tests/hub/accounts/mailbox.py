"""The letters that the hub sent, as the SMTP server of the tests took them."""

from __future__ import annotations

import mailbox
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from lagan.hub.accounts import services


class Mailbox:
    """Letters to one address each test makes up, so that tests share the server."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def sent_to(self, address: str) -> list[EmailMessage]:
        """Let the hub send what is due; what has come for this address since the beginning."""
        services.deliver_letters()
        parser = BytesParser(policy=policy.default)
        box = mailbox.Maildir(self.folder)
        letters = (parser.parsebytes(each.as_bytes()) for each in box)
        found = [letter for letter in letters if letter["To"] == address]
        return sorted(found, key=lambda letter: str(letter["Message-ID"]))


def body(letter: EmailMessage) -> str:
    return str(letter.get_content())


def link(letter: EmailMessage) -> str:
    """The path of the hub's page in a letter."""
    found = re.search(r"https://data\.example\.org(/\S+/)", body(letter))
    assert found is not None, body(letter)
    return found[1]
