"""`pbx-sms tariff`, `pbx-sms cost`: what operators charge, and what a mailing costs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.cli.routes import reach_lines
from pbx_sms.core import money
from pbx_sms.operations import costs, tariffs
from pbx_sms.operations.routing import replanning

_VALUES = {
    "--price": ("price_per_part", "of a part, in the currency: 0.06"),
    "--on-net": ("on_net_per_part", "of a part to the SIM's own operator; '' takes it away"),
    "--off-net": ("off_net_per_part", "of a part to other operators; '' takes it away"),
    "--included": ("included_parts", "parts of a month without further charge"),
    "--fee": ("monthly_fee", "for a month"),
    "--billing-day": ("billing_day", "day on which the included parts begin anew"),
    "--currency": ("currency", "three letters, like RUB"),
}


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "tariff", "Tariffs: what an operator charges for a part.")
    add = add_command(group, "add", add_tariff, "Enter a tariff.")
    add.add_argument("name", metavar="NAME")
    _add_values(add)
    add_command(group, "list", list_tariffs, "Show the tariffs.")
    show = add_command(group, "show", show_tariff, "Show a tariff.")
    show.add_argument("name", metavar="NAME")
    change = add_command(group, "set", change_tariff, "Change a tariff; what is not given stays.")
    change.add_argument("name", metavar="NAME")
    change.add_argument("--name", dest="new_name", metavar="NAME", help="another name")
    _add_values(change)
    change.add_argument("--without-option", metavar="NAME", action="append", default=[])
    remove = add_command(group, "remove", remove_tariff, "Remove a tariff that no SIM has.")
    remove.add_argument("name", metavar="NAME")

    cost = add_group(commands, "cost", "What parts cost, by SIM and by tariff.")
    compare = add_command(cost, "compare", compare_costs, "Which SIM, and which tariff, is the cheapest.")
    what = compare.add_mutually_exclusive_group(required=True)
    what.add_argument("--mailing", metavar="ID", type=positive)
    what.add_argument("--parts", metavar="N", type=positive)
    compare.add_argument("--tariffs", metavar="A,B", help="only these tariffs, and no SIMs")


def add_sim_command(group: Commands) -> None:
    """`sim tariff`."""
    give = add_command(group, "tariff", give_tariff, "Say which tariff a SIM has.")
    give.add_argument("sim", metavar="SIM")
    give.add_argument("tariff", metavar="NAME|none")
    give.add_argument("--option", metavar="NAME", help="package of the tariff that is switched on")


def add_mailing_command(group: Commands) -> None:
    """`mailing cost`."""
    cost = add_command(group, "cost", mailing_cost, "Show what a mailing will cost and has cost.")
    cost.add_argument("id", metavar="ID", type=positive)


def add_tariff(context: Context, args: argparse.Namespace) -> int:
    database, settings = context.database, context.settings
    options = [tariffs.parse_option(option) for option in args.option]
    added = tariffs.add(database, settings, name=args.name, values=_values(args), by=context.person)
    if options:
        added = tariffs.change(database, settings, name=added["tariff"], values={}, options=args.option)
    context.output.object(added, context.output.sentence("cli_tariff_added", added))
    return 0


def list_tariffs(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    columns = (
        Column("cli_column_tariff", key("tariff")),
        Column("cli_column_price", lambda row: _price(output, row, "price_per_part")),
        Column("cli_column_on_net", lambda row: _price(output, row, "on_net_per_part")),
        Column("cli_column_off_net", lambda row: _price(output, row, "off_net_per_part")),
        Column("cli_column_included", key("included_parts")),
        Column("cli_column_fee", lambda row: _price(output, row, "monthly_fee")),
        Column("cli_column_options", lambda row: ", ".join(one["name"] for one in row["options"])),
        Column("cli_column_sims", lambda row: ", ".join(row["sims"])),
    )
    output.rows(tariffs.list_tariffs(context.database, context.settings), columns, empty="cli_no_tariffs")
    return 0


def show_tariff(context: Context, args: argparse.Namespace) -> int:
    return _tell(context, tariffs.show(context.database, context.settings, name=args.name))


def change_tariff(context: Context, args: argparse.Namespace) -> int:
    changed = replanning.with_reach(
        context.database,
        context.settings,
        lambda: tariffs.change(
            context.database,
            context.settings,
            name=args.name,
            values=_values(args) | {"name": args.new_name},
            options=args.option,
            without_options=args.without_option,
        ),
    )
    return _tell(context, changed)


def remove_tariff(context: Context, args: argparse.Namespace) -> int:
    removed = tariffs.remove(context.database, context.settings, name=args.name)
    context.output.object(removed, context.output.sentence("cli_tariff_removed", removed))
    return 0


def give_tariff(context: Context, args: argparse.Namespace) -> int:
    given = replanning.with_reach(
        context.database,
        context.settings,
        lambda: tariffs.give(
            context.database,
            context.settings,
            sim=args.sim,
            tariff=None if args.tariff == "none" else args.tariff,
            option=args.option,
        ),
    )
    code = "cli_sim_without_tariff" if given["tariff"] is None else "cli_sim_tariff"
    shown = {"sim": given["label"] or given["sim"], "tariff": given["tariff"]}
    output = context.output
    output.object(given, output.sentence(code, shown), *reach_lines(output, given))
    return 0


def compare_costs(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    names = None if args.tariffs is None else [name.strip() for name in args.tariffs.split(",")]
    found = costs.compare(
        context.database, context.settings, mailing_id=args.mailing, parts=args.parts, only_tariffs=names
    )
    columns = (
        Column("cli_column_sim", lambda row: row.get("label") or row.get("sim")),
        Column("cli_column_tariff", key("tariff")),
        Column("cli_column_option", key("option")),
        Column("cli_column_included", key("included")),
        Column("cli_column_amount", lambda row: _price(output, row, "amount")),
        Column("cli_column_fee", lambda row: _price(output, row, "fees")),
        Column("cli_column_total", lambda row: _price(output, row, "total")),
        Column("cli_column_cheapest", lambda row: output.sentence("cli_yes") if row["cheapest"] else ""),
        Column("cli_column_forecast_at", key("ends_at")),
    )
    output.rows(found, columns, empty="cli_nothing_to_compare")
    return 0


def cost_facts(output: Output, cost: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(code of a title, value) of what `costs.as_told` says; where it knows nothing, why."""
    facts = []
    for title, name in (("cli_fact_estimate", "estimate"), ("cli_fact_actual", "actual")):
        if (known := cost[name]) is not None and known["amounts"]:
            facts.append((title, amounts(output, known)))
    if (elsewhere := cost["comparison"]) is not None and facts:
        facts.append(("cli_fact_elsewhere", _range(output, elsewhere)))
    if "reason" in cost and not facts:
        facts.append(("cli_fact_estimate", output.reason(cost)))
    return facts


def mailing_cost(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    cost = costs.of_mailing(context.database, context.settings, args.id)
    lines = [
        output.sentence("cli_cost_estimate", {"amounts": amounts(output, cost["estimate"])}),
        *_month_lines(output, cost["estimate"]),
        output.sentence(
            "cli_cost_actual",
            {"amounts": amounts(output, cost["actual"]), "parts": cost["actual"]["parts"]},
        ),
    ]
    if cost["actual"]["parts_unknown"]:
        lines.append(output.sentence("cli_cost_unknown", {"parts": cost["actual"]["parts_unknown"]}))
    if "comparison" in cost["estimate"]:
        lines.append(compared(output, cost["estimate"]["comparison"]))
    output.object(cost, *lines)
    return 0


def written(amount: Decimal, currency: str, language: str) -> str:
    """With plain spaces, as a terminal shows them."""
    return money.written(amount, currency, language).replace("\N{NO-BREAK SPACE}", " ")


def amounts(output: Output, cost: Mapping[str, Any]) -> str:
    """The sums; a sentence where parts have no price."""
    sums = [written(Decimal(one["amount"]), one["currency"], output.language) for one in cost["amounts"]]
    if cost["parts_without_price"]:
        sums.append(output.sentence("cost_without_price", {"parts": cost["parts_without_price"]}))
    return ", ".join(sums) or "–"


def _month_lines(output: Output, estimate: Mapping[str, Any]) -> Iterator[str]:
    """A line for each month of a SIM that is used in several."""
    for sim in estimate["sims"]:
        months = sim.get("months", ())
        for month in months if len(months) > 1 else ():
            begins_on = date.fromisoformat(month["begins_on"]).strftime("%d.%m.%Y")
            amount = written(Decimal(month["amount"]), sim["currency"], output.language)
            shown = {**month, "sim": sim["label"] or sim["sim"], "begins_on": begins_on, "amount": amount}
            yield "  " + output.sentence("cli_cost_month", shown)


def _range(output: Output, comparison: Mapping[str, Any]) -> str:
    low, high = (
        written(Decimal(comparison[end]), comparison["currency"], output.language) for end in ("from", "to")
    )
    return low if low == high else f"{low} – {high}"


def compared(output: Output, comparison: Mapping[str, Any]) -> str:
    low, high = (
        written(Decimal(comparison[end]), comparison["currency"], output.language) for end in ("from", "to")
    )
    if low == high:
        return output.sentence("cost_elsewhere", {"amount": low})
    return output.sentence("cost_elsewhere_range", {"from_amount": low, "to_amount": high})


def _add_values(parser: argparse.ArgumentParser) -> None:
    for flag, (name, help_text) in _VALUES.items():
        parser.add_argument(
            flag, dest=name, metavar="N" if name in ("included_parts", "billing_day") else "X", help=help_text
        )
    parser.add_argument(
        "--option",
        metavar="NAME=FEE:PARTS",
        action="append",
        default=[],
        help="package: its fee for a month and the parts included in it",
    )


def _values(args: argparse.Namespace) -> dict[str, str | None]:
    return {name: getattr(args, name) for name, _ in _VALUES.values()}


def _price(output: Output, row: Mapping[str, Any], name: str) -> str:
    text = row[name]
    return "" if text is None else written(Decimal(text), row["currency"], output.language)


def _tell(context: Context, tariff: Mapping[str, Any]) -> int:
    output = context.output
    facts = [
        ("cli_column_tariff", tariff["tariff"]),
        ("cli_column_price", _price(output, tariff, "price_per_part")),
        ("cli_column_on_net", _price(output, tariff, "on_net_per_part")),
        ("cli_column_off_net", _price(output, tariff, "off_net_per_part")),
        ("cli_column_included", tariff["included_parts"]),
        ("cli_column_fee", _price(output, tariff, "monthly_fee")),
        ("cli_column_billing_day", tariff["billing_day"]),
        ("cli_column_sims", ", ".join(tariff["sims"])),
    ]
    for option in tariff["options"]:
        fee = written(Decimal(option["fee"]), tariff["currency"], output.language)
        facts.append(("cli_column_option", f"{option['name']}: {fee}, {option['included_parts']}"))
    lines = [
        f"{output.sentence(title)}: {cell}" for title, value in facts if (cell := output.cell(value)) != ""
    ]
    output.object(tariff, *lines, *reach_lines(output, tariff))
    return 0
