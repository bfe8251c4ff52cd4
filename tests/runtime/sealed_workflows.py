"""Workflows that say something in every place where a payload may stand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

CANARY = "Canary-7f3a"
"""In everything that is said below, and to be found nowhere in what Temporal keeps."""


class Note(BaseModel):
    text: str


def said(what: str) -> Note:
    return Note(text=f"{CANARY} {what}")


@activity.defn
async def far(note: Note) -> Note:
    activity.heartbeat(said("heartbeat"))
    return Note(text=f"{note.text}, far")


@activity.defn
async def near(note: Note) -> Note:
    return Note(text=f"{note.text}, near")


@activity.defn
async def failing(note: Note) -> None:
    raise ApplicationError(f"{note.text} failed", said("detail"), type="Refused", non_retryable=True)


@workflow.defn
class Child:
    @workflow.run
    async def run(self, note: Note) -> Note:
        if "fail" in note.text:
            raise ApplicationError(note.text, said("detail"), type="Refused")
        return Note(text=f"{note.text}, child")


@workflow.defn(failure_exception_types=[AssertionError])
class Parent:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self, note: Note) -> list[str]:
        own_id = workflow.info().workflow_id
        workflow.upsert_memo({"later": said("later memo")})
        workflow.set_current_details(CANARY)
        await workflow.sleep(0.001, summary=CANARY)
        child = await workflow.execute_child_workflow(
            Child.run, note, id=f"{own_id}/notice/1", static_summary=CANARY, memo={"child": said("memo")}
        )
        self.heard.append(child.text)
        briefly = timedelta(seconds=5)
        doomed: list[Callable[[], Awaitable[object]]] = [
            lambda: workflow.execute_child_workflow(Child.run, said("fails"), id=f"{own_id}/notice/2"),
            lambda: workflow.execute_activity(failing, note, start_to_close_timeout=briefly),
            lambda: workflow.execute_local_activity(failing, note, start_to_close_timeout=briefly),
        ]
        for attempt in doomed:
            try:
                await attempt()
            except FailureError as error:
                cause = error if isinstance(error, ApplicationError) else error.__cause__
                assert isinstance(cause, ApplicationError)
                self.heard.append(f"{cause.message} {Note.model_validate(cause.details[0]).text}")
        await workflow.wait_condition(lambda: "end" in self.heard)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if note.text.endswith("doomed"):
            raise ApplicationError(note.text, said("detail"), type="Refused")
        return self.heard

    @workflow.update
    async def step(self, note: Note) -> Note:
        local = await workflow.execute_local_activity(
            near, note, start_to_close_timeout=timedelta(seconds=5), summary=CANARY
        )
        return await workflow.execute_activity(
            far, local, start_to_close_timeout=timedelta(seconds=5), summary=CANARY
        )

    @workflow.update
    async def refuse(self, note: Note) -> None:
        raise ApplicationError(note.text, said("detail"), type="Refused")

    @workflow.signal
    def end(self, note: Note) -> None:
        self.heard += [note.text, "end"]

    @workflow.query
    def count(self, note: Note) -> Note:
        return Note(text=f"{note.text} after {len(self.heard)}")
