"""Whether messages leave the house: what is set for e-mail, text messages and letters, and whether it answers.

Nothing here keeps a referral from being opened, so nothing found is worse than a note.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from messages.channels import ChannelAway
from messages.email import Mailer
from messages.govuk_notify import Notify
from messages.mail_addresses import SmtpServer
from runtime.embedded.data_folder import RunningService
from runtime.findings import Finding, Severity
from runtime.settings import Settings

WITHIN = timedelta(seconds=5)
"""How long a server may take to answer a check."""

# Notify shows neither by its API.
_NEUTRAL = "The sender's name of texts and the logo of letters are set in its account: both must be neutral."


async def channels(settings: Settings, service: RunningService | None) -> list[Finding]:
    """Look at every channel outward and send nothing, with the settings as the living `rj up`, if any, has them."""
    return list(await asyncio.gather(_email(settings, service), _notify(settings)))


def outward(settings: Settings, service: RunningService | None) -> bool:
    """Whether messages leave the house by any channel."""
    by_email = settings.smtp_url is not None and _kept_in(settings, service) is None
    by_notify = settings.notify_api_key and (settings.notify_text_template or settings.notify_letter_template)
    return by_email or bool(by_notify)


def _kept_in(settings: Settings, service: RunningService | None) -> Path | None:
    """Where `rj up` keeps what it would send by e-mail; None where it does not."""
    return service.mail if service and service.smtp_url == settings.smtp_url else None


async def _email(settings: Settings, service: RunningService | None) -> Finding:
    check, name_one = "e-mail", "For e-mail to reach anybody, name a mail server in RJ_SMTP_URL."
    if settings.smtp_url is None:
        nowhere = (
            "Off: RJ_SMTP_URL names no mail server. `rj up` keeps what it would send in its data folder."
        )
        return Finding(check, Severity.NOTE, nowhere, name_one)
    server = SmtpServer.parse(settings.smtp_url)
    where = f"{server.host}:{server.port}"
    kept = _kept_in(settings, service)
    try:
        await Mailer(settings.smtp_url, settings.mail_from).check_login(WITHIN)
    except ChannelAway as away:
        restart = (
            "Start `rj up` again." if kept else "Start the server, or correct RJ_SMTP_URL; e-mail waits."
        )
        return Finding(check, Severity.NOTE, f"{where}: {away}", restart)
    if kept:
        return Finding(check, Severity.NOTE, f"Kept in {kept} by `rj up`, sent nowhere.", name_one)
    return Finding(check, Severity.OK, f"{where} answers; sent from {settings.mail_from}.")


async def _notify(settings: Settings) -> Finding:
    check = "SMS and letters"
    missing = {
        "SMS": ("RJ_NOTIFY_TEXT_TEMPLATE", settings.notify_text_template),
        "letters": ("RJ_NOTIFY_LETTER_TEMPLATE", settings.notify_letter_template),
    }
    off = {kind: name for kind, (name, template) in missing.items() if template is None}
    if settings.notify_api_key is None:
        remedy = "For text messages and letters, set a key of GOV.UK Notify and its templates (RJ_NOTIFY_*)."
        return Finding(check, Severity.NOTE, "Off: RJ_NOTIFY_API_KEY holds no key.", remedy)
    if len(off) == len(missing):
        return Finding(
            check, Severity.NOTE, "Off: a key is set and no template.", f"Set {' and '.join(off.values())}."
        )
    account = Notify(
        settings.notify_api_key,
        settings.notify_text_template,
        settings.notify_letter_template,
        settings.notify_url,
    )
    if wrong := await account.what_is_wrong(WITHIN):
        return Finding(check, Severity.NOTE, wrong, "Correct the RJ_NOTIFY_* variable; messages wait.")
    on = " and ".join(kind for kind in missing if kind not in off)
    if off:
        said = f"GOV.UK Notify takes {on}; {' and '.join(off)} off. {_NEUTRAL}"
        return Finding(check, Severity.NOTE, said, f"For them, set {' and '.join(off.values())}.")
    return Finding(check, Severity.OK, f"GOV.UK Notify takes {on}. {_NEUTRAL}")
