"""The e-mails that the tests' mail server took."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from tests.conftest import PostOffice


def newest_to(post_office: PostOffice, address: str) -> EmailMessage:
    """The latest e-mail to an address."""
    kept = sorted(post_office.mail.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    found = [message_from_bytes(path.read_bytes(), policy=default) for path in kept]
    return [each for each in found if each["To"] == address][-1]
