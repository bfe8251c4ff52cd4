"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from casework.signing_in.secrets_kept import keyed_hash
from schemas.base import Model
from stores.keys.referral_keys import KeyStore

RECOVERY_CODES = 10
"""How many recovery codes a person has at first."""

# A code of the step before or after is accepted too: RFC 6238, 5.2, for clocks that differ and people who type slowly.
_STEPS_BESIDE = 1

# What an authenticator app shows above the code, on a telephone that others may see.
_SHOWN_AS = "Referrals"

# Crockford's base 32: nothing that can be mistaken. Ten of them are 50 bits; the lock-out does the rest.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 10
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class Authenticator(Model):
    """What an authenticator app has to know, once.

    Attributes:
        secret: to be typed, in groups of four.
        picture: the same as a QR code, an SVG element without any style.
    """

    secret: str
    picture: str


def new_secret() -> str:
    """A new second factor: 160 random bits in base 32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def authenticator(secret: str, staff_id: str) -> Authenticator:
    """A second factor as a person puts it into their authenticator app."""
    address = pyotp.TOTP(secret).provisioning_uri(name=staff_id, issuer_name=_SHOWN_AS)
    picture = segno.make(address, micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr-code", lineclass=None
    )
    return Authenticator(secret=" ".join(re.findall(".{1,4}", secret)), picture=picture)


def accepted_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step of 30 seconds that a code is of, the present one or one beside it; None: of none of them."""
    typed = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(r"[0-9]{6}", typed):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(typed, for_time=at, valid_window=_STEPS_BESIDE)
    except OTPVerificationError:
        return None


def new_recovery_codes() -> list[str]:
    """Recovery codes, each in two groups: 7KQ4M-2X1PB."""
    codes = ("".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


async def recovery_hash(keys: KeyStore, staff_id: str, code: str) -> bytes:
    """The hash of a recovery code of a person, however it is typed."""
    return await keyed_hash(keys, code.upper().translate(_READ_AS), "recovery code", staff_id)
