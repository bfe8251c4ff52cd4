"""A request, as a handler sees it: from anybody, or from a person who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from temporalio.common import MetricMeter

from casework.session import Session
from casework.signing_in.kept_forms import Fields
from casework.signing_in.openid import OpenIdProvider
from casework.signing_in.sessions import form_token
from console import rendering
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas.web import WebSession


@dataclass(frozen=True, slots=True)
class Console:
    """What every page of a console works with.

    Attributes:
        referrals: the connections, and the asking of workflows.
        settings: of this installation.
        demo: whether the invented people of the demo are offered as buttons, without a password.
        provider: through which people sign in; None: none is set.
        now: the time, UTC.
        meter: on which metrics are made.
    """

    referrals: Referrals
    settings: Settings
    demo: bool = False
    provider: OpenIdProvider | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    meter: MetricMeter = MetricMeter.noop


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of whoever asks.

    Attributes:
        posted: the fields of the form that was sent; empty where none was.
    """

    request: Request
    console: Console
    posted: FormData

    @property
    def referrals(self) -> Referrals:
        """The connections, and the asking of workflows."""
        return self.console.referrals

    @property
    def address(self) -> str | None:
        """The address of IP that the request came from; None where nobody knows."""
        return self.request.client.host if self.request.client else None

    @property
    def posted_fields(self) -> list[tuple[str, str]]:
        """The texts of the form, in their order, without files."""
        return [(name, value) for name, value in self.posted.multi_items() if isinstance(value, str)]

    def posted_text(self, name: str) -> str:
        """The text of a field of the form, without space around it; empty where there is none."""
        value = self.posted.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def show(self, template: str, /, *, status: int = 200, **context: Any) -> Response:
        """A page made from a template."""
        return HTMLResponse(rendering.render(template, self._known() | context), status)

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
        }


@dataclass(frozen=True, slots=True)
class Asked(Visit):
    """A request of a person who is signed in.

    Attributes:
        session: in which they act, with who they are.
        web: their session in this browser.
        token: what the browser holds; never shown.
        typed: what they had typed on this page when their session ran out, where that is offered to them.
    """

    session: Session
    web: WebSession
    token: str = field(repr=False)
    typed: Fields | None = field(default=None, repr=False)

    @property
    def names_hidden(self) -> bool:
        """Whether names of people are not to be shown now, as somebody may look over a shoulder."""
        return self.web.names_hidden

    def _known(self) -> dict[str, Any]:
        return Visit._known(self) | {
            "me": self.session.member,
            "web": self.web,
            "names_hidden": self.names_hidden,
            "typed": self.typed,
            "csrf_token": form_token(self.token),
            "csrf_field": rendering.hidden_field("csrf", form_token(self.token)),
        }
