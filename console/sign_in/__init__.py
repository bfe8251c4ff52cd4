"""Signing in and out, and one's own account."""

from console.navigation import WORKERS
from console.pages import Page, public, signed_in
from console.sign_in import account, choices, invitation, leaving, passwords, provider, welcome

_POST = ("POST",)

PAGES: tuple[Page, ...] = (
    public("/", welcome.front_door),
    public("/sign-in", welcome.sign_in),
    public("/sign-in/demo", welcome.enter_demo, _POST),
    public("/sign-in/password", passwords.take_password, _POST),
    public("/sign-in/code", passwords.ask_code),
    public("/sign-in/code", passwords.take_code, _POST),
    public("/sign-in/recovery-code", passwords.ask_recovery_code),
    public("/sign-in/recovery-code", passwords.take_recovery_code, _POST),
    public("/sign-in/provider", provider.go_to_provider),
    public("/sign-in/provider/answer", provider.come_from_provider),
    public("/invitation", invitation.invitation),
    public("/invitation/password", invitation.take_new_password, _POST),
    public("/invitation/authenticator", invitation.ask_authenticator),
    public("/invitation/authenticator", invitation.take_first_code, _POST),
    public("/signed-out", leaving.signed_out),
    signed_in("/sign-out", leaving.sign_out, methods=_POST),
    signed_in("/hide-names", leaving.hide_names, methods=_POST),
    signed_in("/discard-typed", leaving.discard_typed, methods=_POST),
    signed_in("/account", account.account),
    signed_in("/account/sessions/end", account.end_one, methods=_POST),
    signed_in("/account/sessions/end-others", account.end_others, methods=_POST),
    signed_in("/account/password", account.ask_password),
    signed_in("/account/password", account.take_password, methods=_POST),
    signed_in("/account/recovery-codes", account.ask_recovery_codes),
    signed_in("/account/recovery-codes", account.take_recovery_codes, methods=_POST),
    signed_in("/account/messages", choices.ask_messages),
    signed_in("/account/messages", choices.take_messages, methods=_POST),
    signed_in("/account/absence", choices.ask_absence, WORKERS),
    signed_in("/account/absence", choices.take_absence, WORKERS, _POST),
    signed_in("/account/absence/end", choices.end_absence, WORKERS, _POST),
)
