"""How an action is gone through: what it needs is asked, what it destroys is named, then it is done and shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from postern_ctl.answers import Answer, Document
from postern_ctl.output import SECRET_FIELDS
from postern_ctl.tui.desk import aside, by_itself
from postern_ctl.tui.dialogs import Confirm, Form, Record, Secret
from postern_ctl.tui.frame import Done
from postern_ctl.tui.views import Action, Context, Values, filled

if TYPE_CHECKING:
    from postern_ctl.tui.app import Console


def begin(console: Console, action: Action, row: Document, context: Context) -> None:
    """Start an action on a row; without one, for what makes something new."""
    if console.readonly and action.changes:
        console.warn("This console is read-only. Leave out --readonly to change something.")
        return
    row = {**context, **row}

    async def do(values: Values) -> Callable[[], None]:
        answer = await aside(lambda: action.run(console.desk, row, values))
        if not action.changes:
            return partial(console.show_box, Record(filled(action.title, row), answer.data))
        return partial(finish, console, action.words(row, values), answer, show_link=action.makes_link)

    async def ask(values: Values) -> Callable[[], None]:
        return partial(console.show_box, Confirm(action, row, values, do))

    if action.fields is not None:
        console.show_box(Form(action, row, ask if action.confirm else do))
    elif action.confirm:
        console.show_box(Confirm(action, row, {}, do))
    else:

        async def at_once() -> None:
            (await do({}))()

        by_itself(console, console, at_once)


def finish(console: Console, command: list[str], answer: Answer, *, show_link: bool = False) -> None:
    """Show what came of it; a secret that was minted stays covered until it is wanted."""
    console.done = Done(command, answer)
    console.close_boxes()
    console.page_changed()
    secret = next((answer.data[name] for name in SECRET_FIELDS if isinstance(answer.data.get(name), str)), None)
    if secret is not None:
        console.show_box(Secret(secret, console.done))
    elif show_link:
        console.show_link()
