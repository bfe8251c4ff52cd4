"""Activities as the workflows of the engine ask for them."""

from __future__ import annotations

import dataclasses

from temporalio.testing import ActivityEnvironment


def asked_by(workflow_type: str, workflow_id: str) -> ActivityEnvironment:
    """An environment in which an activity runs that was asked for by this workflow."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, workflow_type=workflow_type, workflow_id=workflow_id
    )
    return environment


def asked_by_notice(reference: str, notice_id: str) -> ActivityEnvironment:
    """By the workflow of a message."""
    return asked_by("NoticeWorkflow", f"referral/{reference}/notice/{notice_id}")


def asked_by_digest() -> ActivityEnvironment:
    """By the workflow of a morning's summary."""
    return asked_by("DigestWorkflow", "service/digest-2026-12-01T08:30:00Z")
