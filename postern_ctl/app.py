"""What the typer apps of all nouns share: values without pydantic, help without rich, an example each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

CONTEXT = {"help_option_names": ["--help", "-h"]}

_Verb = TypeVar("_Verb", bound=Callable[..., None])


class _Value:
    """Reads one option or argument. Typer would load pydantic for it, which takes longer than most commands do."""

    def __init__(self, annotation: Any) -> None:
        self._type = get_args(annotation)[0] if get_origin(annotation) is list else annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return `value` in its type: str, int, float, a Literal, or a list of one of them."""
        if isinstance(value, (list, tuple)):
            return [self._one(item, param, ctx) for item in value]
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        return self._one(value, param, ctx)

    def _one(self, value: Any, param: Any, ctx: Any) -> Any:
        if get_origin(self._type) is Literal:
            if value not in get_args(self._type):
                raise typer.BadParameter(f"give one of {', '.join(get_args(self._type))}.", ctx=ctx, param=param)
            return value
        try:
            return self._type(value)
        except ValueError:
            kind = "a whole number" if self._type is int else "a number"
            raise typer.BadParameter(f"{value!r} is not {kind}.", ctx=ctx, param=param) from None


class Light:
    """Mixed into commands and groups: their parameters read values without pydantic."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, `--help` among them."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # typer's, which this is mixed into
        for param in params:
            param._runtime_param = _Value(param.type_descriptor.annotation)
        return params


class Command(Light, TyperCommand):
    """A command of posternctl."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words after the command, without braces around what is needed."""
        return [piece.removeprefix("{").removesuffix("}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options; an argument's type says nothing that its help does not."""
        records = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        arguments = [(name.partition(" <")[0], text) for name, text in records if not name.startswith("-")]
        for title, rows in ("Arguments", arguments), ("Options", [row for row in records if row[0].startswith("-")]):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example on a line of its own, never wrapped, so that it can be copied."""
        formatter.write(f"\nExample:\n  {self.epilog}\n")


class Noun(Light, TyperGroup):
    """A noun: its verbs with their whole sentence."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs; the flags that are taken anywhere stand in the help of posternctl itself."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, (verb.help or "").partition("\n")[0]) for name, verb in self.commands.items()])


def noun(help_text: str) -> typer.Typer:
    """Return the app of a noun, to which its verbs are added."""
    app = typer.Typer(
        cls=Noun,
        help=help_text,
        epilog="Flags that every command takes: posternctl --help",
        rich_markup_mode=None,
        add_completion=False,
        context_settings=CONTEXT,
        options_metavar="",
        subcommand_metavar="COMMAND ...",
    )
    app.callback()(lambda: None)  # a noun with one verb is a noun all the same
    return app


def single() -> typer.Typer:
    """Return the app of a command that is no noun."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=CONTEXT)


def command(app: typer.Typer, name: str, example: str) -> Callable[[_Verb], _Verb]:
    """Add a verb with its example."""
    return app.command(
        name, cls=Command, epilog=f"posternctl {example}", context_settings=CONTEXT, options_metavar="[OPTIONS]"
    )
