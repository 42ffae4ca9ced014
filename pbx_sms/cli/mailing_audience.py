"""To whom a new mailing goes and with which text, as the options of `mailing create` say."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence

from pbx_sms.cli import lists
from pbx_sms.cli.context import Context
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.errors import Conflict, PbxSmsError
from pbx_sms.operations import audiences, templates
from pbx_sms.operations import lists as operations_lists


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--list",
        metavar="FILE|ID",
        dest="files",
        action="append",
        default=[],
        help="a file to import first, or a list's id; may be given again",
    )
    parser.add_argument(
        "--group",
        metavar="GROUP",
        dest="groups",
        action="append",
        default=[],
        help="name or id of a group; may be given again",
    )
    parser.add_argument(
        "--without",
        metavar="GROUP",
        action="append",
        default=[],
        help="a group that gets nothing; may be given again",
    )
    texts = parser.add_mutually_exclusive_group(required=True)
    texts.add_argument("--text", metavar="T", help="with {Column} for a recipient's own value")
    texts.add_argument("--template", metavar="NAME", help="a saved text")
    # one of two options, each of which may be given again, is more than argparse can ask for
    parser.set_defaults(wrong_usage=parser.error)


def text_of(context: Context, args: argparse.Namespace) -> str:
    """Raises NotFound(template_not_found)."""
    if args.template is None:
        return str(args.text)
    return str(templates.find(context.database, args.template).text)


def list_of(context: Context, args: argparse.Namespace) -> tuple[int, list[int]]:
    """(id of the list that the mailing goes to, ids of the lists that were made for it).

    Raises what the import and `audiences.compose` say; nothing is left then. Ends as wrong usage does where
    neither a list nor a group was given.
    """
    if not args.files and not args.groups:
        args.wrong_usage("one of the arguments --list --group is required")
    made: list[int] = []
    bar = ProgressBar()
    try:
        list_ids = []
        for file in args.files:
            list_id, is_new = lists.list_of(context, argparse.Namespace(**{**vars(args), "file": file}))
            list_ids.append(list_id)
            if is_new:
                made.append(list_id)
        composed = audiences.compose(
            context.database,
            context.settings,
            lists=list_ids,
            groups=args.groups,
            without=args.without,
            by=context.person,
            progress=bar.draw,
        )
    except PbxSmsError:
        take_away(context, made)
        raise
    finally:
        bar.clear()
    if composed not in list_ids:
        made.append(composed)
    return composed, made


def take_away(context: Context, list_ids: Sequence[int]) -> None:
    """What is refused changes nothing; a list that a draft needs already stays with it."""
    for list_id in list_ids:
        with contextlib.suppress(Conflict):
            operations_lists.remove_list(context.database, list_id)
