"""A request, as a handler sees it: from anybody, or from a person who is signed in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from temporalio.common import MetricMeter

from casework.session import Session
from casework.signing_in.kept_forms import Fields
from casework.signing_in.openid import OpenIdProvider
from casework.signing_in.sessions import form_token
from console import rendering
from console.keeping import Kept
from runtime.changes import Changes
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas.web import IDLE, LONGEST, WebSession

_REFRESH = "x-refresh"
_LOOK_AGAIN_AFTER = "3"


@dataclass(frozen=True, slots=True)
class Console:
    """What every page of a console works with.

    Attributes:
        referrals: the connections, and the asking of workflows.
        settings: of this installation.
        demo: whether the invented people of the demo are offered as buttons, without a password.
        has_own_staff: asks whether somebody of the service's own is in the register by now: a demo is over then.
        provider: through which people sign in; None: none is set.
        now: the time, UTC.
        meter: on which metrics are made.
        changes: what changes, for pages that refresh by themselves; heard while the console is served.
        kept: what took long to count.
    """

    referrals: Referrals
    settings: Settings
    demo: bool = False
    has_own_staff: Callable[[], Awaitable[bool]] | None = None
    provider: OpenIdProvider | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    meter: MetricMeter = MetricMeter.noop
    changes: Changes = field(default_factory=Changes)
    kept: Kept = field(default_factory=Kept)

    async def demo_is_open(self) -> bool:
        """Whether people enter, and stay, without a password: no real person can be in the referrals."""
        return self.demo and not (self.has_own_staff is not None and await self.has_own_staff())


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of whoever asks.

    Attributes:
        posted: the fields of the form that was sent; empty where none was.
        arrived: when it was asked, by this machine's clock; what is shown is not older.
    """

    request: Request
    console: Console
    posted: FormData
    arrived: float = field(default_factory=time.time, kw_only=True)

    @property
    def referrals(self) -> Referrals:
        """The connections, and the asking of workflows."""
        return self.console.referrals

    @property
    def address(self) -> str | None:
        """The IP address that the request came from; None where it is not known."""
        return self.request.client.host if self.request.client else None

    @property
    def posted_fields(self) -> list[tuple[str, str]]:
        """The texts of the form, in their order, without files."""
        return [(name, value) for name, value in self.posted.multi_items() if isinstance(value, str)]

    @property
    def refreshes(self) -> bool:
        """Whether our script has the page read again because something changed, which is no sign of anybody."""
        return _REFRESH in self.request.headers

    def posted_text(self, name: str) -> str:
        """The text of a field of the form, without space around it; empty where there is none."""
        value = self.posted.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def show(
        self, template: str, /, *, status: int = 200, looks_again: bool = False, **context: Any
    ) -> Response:
        """A page made from a template.

        Args:
            looks_again: whether it is read again by itself every few seconds, as something goes on.
        """
        headers = {"Refresh": _LOOK_AGAIN_AFTER} if looks_again else None
        return HTMLResponse(rendering.render(template, self._known() | context), status, headers)

    def redirect(self, address: str) -> Response:
        """Lead on to another page of ours, to be read afresh."""
        return RedirectResponse(quote(address, safe="/?=&%:+,#"), 303)

    def _known(self) -> dict[str, Any]:
        return {
            "console": self.console,
            "service_name": self.console.settings.service_name,
            "demo": self.console.demo,
            "path": self.request.url.path,
            "now": self.console.now(),
            "live": self._live,
        }

    def _live(self, about: str, after: int | None = None) -> str:
        """The address at which a page is told of what changes on it.

        Args:
            about: work, areas, inbox, or a reference.
            after: how many events the referral has, where the page has a form that is not read again: then it is told
                what was recorded after them.
        """
        query: dict[str, Any] = {"about": about, "since": f"{self.arrived:.3f}"}
        return "/live?" + urlencode(query if after is None else query | {"after": after})


@dataclass(frozen=True, slots=True)
class Asked(Visit):
    """A request of a person who is signed in.

    Attributes:
        session: in which they act, with who they are.
        web: their session in this browser.
        token: what the browser holds; never shown.
        typed: what they had typed on this page when their session ran out, where that is offered to them.
        unread: how many messages in their inbox they have not read.
    """

    session: Session
    web: WebSession
    token: str = field(repr=False)
    typed: Fields | None = field(default=None, repr=False)
    unread: int = 0

    def seconds_left(self, *, used: bool = True) -> tuple[int, int]:
        """In how many seconds the session ends where nothing more is done, and in how many at the latest.

        Args:
            used: whether this request counts as use.
        """
        now = self.console.now()
        idle = IDLE if used else self.web.seen_at + IDLE - now
        longest = self.web.signed_in_at + LONGEST - now
        return max(0, int(min(idle, longest).total_seconds())), max(0, int(longest.total_seconds()))

    @property
    def names_hidden(self) -> bool:
        """Whether names of people are not to be shown now, as somebody may look over a shoulder."""
        return self.web.names_hidden

    def show(self, template: str, /, *, status: int = 200, **context: Any) -> Response:
        """A page made from a template. `badges` adds numbers to the navigation, by the address of a page there."""
        badges: Mapping[str, int] = context.pop("badges", {})
        return Visit.show(self, template, status=status, badges={"/inbox": self.unread, **badges}, **context)

    def _known(self) -> dict[str, Any]:
        idle, longest = self.seconds_left()
        return Visit._known(self) | {
            "seconds_idle": idle,
            "seconds_left": longest,
            "me": self.session.member,
            "web": self.web,
            "names_hidden": self.names_hidden,
            "typed": self.typed,
            "csrf_token": form_token(self.token),
            "csrf_field": rendering.hidden_field("csrf", form_token(self.token)),
        }
