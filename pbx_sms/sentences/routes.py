"""Sentences of the rules for SIMs: each rule as one, what it says about a message, and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pbx_sms import sentences

SENTENCES: dict[str, tuple[str, str]] = {
    # why this SIM: in the log
    "route_same_sim": (
        "through the SIM that the person knows already",
        "через SIM-карту, которую человек уже знает",
    ),
    "route_operator": (
        "through a SIM of the recipient's own operator: {operator}",
        "через SIM-карту оператора получателя: {operator}",
    ),
    "route_only": (
        "only through the SIM that the rule names: {sims}",
        "только через SIM-карту, названную в правиле: {sims}",
    ),
    "route_cheapest": (
        "through the SIM with the lowest price of a part: {price}",
        "через SIM-карту с самой низкой ценой за часть: {price}",
    ),
    "route_elsewhere": (
        "the preferred SIM cannot send today ({sims}); so through another one",
        "предпочтительная SIM-карта сегодня отправить не может ({sims}), поэтому через другую",
    ),
    "route_not_kept": (
        "the preferred SIM could not send that day; so through another one",
        "предпочтительная SIM-карта в тот день отправить не могла, поэтому через другую",
    ),
    "route_default": (
        "no rule decides; the SIM with the smallest used share of its limits takes it",
        "ни одно правило не подошло; отправит SIM-карта, у которой лимит израсходован меньше всего",
    ),
    "route_waits": (
        "waits for the SIM that its rule names ({sims}); “pbx-sms sim list” shows why it does not send",
        "ждёт SIM-карту, названную в правиле ({sims}); почему она не отправляет, покажет «pbx-sms sim list»",
    ),
    "route_anew": (
        "the rules for SIMs have changed: through which SIM each message goes is found out anew",
        "правила выбора SIM-карт изменились: для каждого сообщения SIM-карта определяется заново",
    ),
    # what one rule says about a message
    "route_step_not_for_it": (
        "not for this message",
        "не для этого сообщения",
    ),
    "route_step_reserved": (
        "kept for others: {sims}",
        "оставлено для других: {sims}",
    ),
    "route_step_may_use": (
        "this message may use what is kept: {sims}",
        "это сообщение может занять оставленное: {sims}",
    ),
    "route_step_no_history": (
        "nothing has passed between the person and any SIM yet",
        "с этим человеком ещё ни одна SIM-карта не имела дела",
    ),
    "route_step_operator_unknown": (
        "the recipient's operator is not known: the number is not in the numbering plan",
        "оператор получателя неизвестен: номера нет в плане нумерации",
    ),
    "route_step_no_sim_of_operator": (
        "there is no SIM of the recipient's operator ({operator})",
        "нет SIM-карты оператора получателя ({operator})",
    ),
    "route_step_no_prices": (
        "no price of a part is known for any SIM",
        "ни для одной SIM-карты не известна цена за часть",
    ),
    "route_step_taken": (
        "its SIMs are kept for others by a rule above: {sims}",
        "её SIM-карты оставлены для других правилом выше: {sims}",
    ),
    # a rule as a sentence: for whom, and which way
    "route_whom_all": ("every message", "все сообщения"),
    "route_whom_kinds": ("messages of the kind {kinds}", "сообщения вида {kinds}"),
    "route_whom_group": ("to people of the group “{group}”", "людям из группы «{group}»"),
    "route_whom_list": ("to numbers of the list “{list}”", "на номера из списка «{list}»"),
    "route_whom_mailing": ("of the mailing “{mailing}”", "рассылки «{mailing}»"),
    "route_gone": ("(removed)", "(удалено)"),
    "route_kind_advertising": ("advertising", "реклама"),
    "route_kind_information": ("information", "информация"),
    "route_kind_service": ("service", "служебные"),
    "route_kind_urgent": ("urgent", "срочные"),
    "route_way_same_sim": (
        "from the SIM that the person knows; if it cannot send today, from another",
        "с той SIM-карты, которую человек знает; если она сегодня не может — с другой",
    ),
    "route_way_same_sim_strict": (
        "from the SIM that the person knows and no other; it is waited for",
        "только с той SIM-карты, которую человек знает; её ждут",
    ),
    "route_way_operator": (
        "through SIMs of the recipient's own operator; if none can send today, through others",
        "через SIM-карты оператора получателя; если они сегодня не могут — через другие",
    ),
    "route_way_operator_strict": (
        "through SIMs of the recipient's own operator and no others; they are waited for",
        "только через SIM-карты оператора получателя; их ждут",
    ),
    "route_way_cheapest": (
        "through the SIM with the lowest price; if it cannot send today, through another",
        "через самую дешёвую SIM-карту; если она сегодня не может — через другую",
    ),
    "route_way_cheapest_strict": (
        "through the SIM with the lowest price and no other; it is waited for",
        "только через самую дешёвую SIM-карту; её ждут",
    ),
    "route_way_only": (
        "only through {sims}; it is waited for",
        "только через {sims}; её ждут",
    ),
    "route_way_reserve": (
        "{sims} is kept for them, nothing else goes through it",
        "для них оставлена {sims}, остальное через неё не идёт",
    ),
    # orders
    "cli_route_added": (
        "rule {rule_id} at place {position}: {text}",
        "правило {rule_id} на месте {position}: {text}",
    ),
    "cli_route_moved": (
        "rule {rule_id} is at place {position} now",
        "правило {rule_id} теперь на месте {position}",
    ),
    "cli_route_removed": ("rule {rule_id} is gone: {text}", "правило {rule_id} удалено: {text}"),
    "cli_route_reach": (
        "messages that wait: {waiting}; through other SIMs than before: {changed}",
        "сообщений, которые ждут отправки: {waiting}; из них через другие SIM-карты: {changed}",
    ),
    "cli_route_reach_later": (
        "messages that wait: {waiting}; the engine finds out anew through which SIMs they go, and sends each"
        " of them after that",
        "сообщений, которые ждут отправки: {waiting}; служба отправки заново определяет для них SIM-карты,"
        " и каждое уйдёт после этого",
    ),
    "cli_no_routes": (
        "There are no rules: the SIM with the smallest used share of its limits takes the next message.",
        "Правил нет: следующее сообщение отправит SIM-карта, у которой лимит израсходован меньше всего.",
    ),
    "cli_column_route": ("RULE", "ПРАВИЛО"),
    "cli_column_route_place": ("PLACE", "МЕСТО"),
    "cli_column_route_says": ("WHAT IT SAYS", "ЧТО ОНО ГОВОРИТ"),
    "cli_route_operator": (
        "operator: {operator} (from the numbering plan)",
        "оператор: {operator} (по плану нумерации)",
    ),
    "cli_route_operator_proven": (
        "operator: {operator} (shown by a message that came from the number)",
        "оператор: {operator} (по сообщению, пришедшему с этого номера)",
    ),
    "cli_route_step": ("{position}. rule {rule_id}: {said}", "{position}. правило {rule_id}: {said}"),
    "cli_route_decision": ("so {said}", "итак, {said}"),
    "cli_route_without": ("never through: {sims}", "ни в коем случае через: {sims}"),
    "route_kind_invalid": (
        "{value} is no kind of rule; choose one of {choices}",
        "такого вида правила нет: {value}; возможны {choices}",
    ),
    "route_mailing_kind_invalid": (
        "{value} is no kind of mailing; choose one of {choices}",
        "такого вида рассылки нет: {value}; возможны {choices}",
    ),
    "route_needs_sims": (
        "this kind of rule needs the SIMs it is about",
        "для такого правила нужно указать SIM-карты",
    ),
    "route_names_no_sims": (
        "this kind of rule finds its SIMs by itself; leave the SIMs out",
        "такое правило само находит SIM-карты; не указывайте их",
    ),
    "route_never_strict": (
        "a rule that keeps SIMs for some messages is strict by itself; leave “strict” out",
        "правило, которое оставляет SIM-карты, и так строгое; уберите «строго»",
    ),
    "route_needs_whom": (
        "say for which messages the SIMs are kept: a kind, a group, a list or a mailing",
        "укажите, для каких сообщений оставить SIM-карты: вид, группу, список или рассылку",
    ),
    "route_too_many": (
        "there are {max} rules already; more nobody can oversee",
        "правил уже {max}; больше никто не удержит в голове",
    ),
    "route_group_not_found": ("there is no group {group}", "нет группы {group}"),
    "route_rule_not_found": ("there is no rule {rule_id}", "нет правила {rule_id}"),
}  # fmt: skip


def rule_text(rule: Mapping[str, Any], language: str) -> str:
    """The rule, as `operations.routing` shows it, in one sentence."""

    def say(code: str, **params: Any) -> str:
        return sentences.render(code, params, language)

    if rule["kinds"]:
        kinds = [say(f"route_kind_{kind}") for kind in rule["kinds"]]
        whom = [say("route_whom_kinds", kinds=kinds)]
    else:
        whom = [say("route_whom_all")]
    whom += [
        say(f"route_whom_{what}", **{what: rule[what] or say("route_gone")})
        for what in ("group", "list", "mailing")
        if what in rule
    ]
    loose = rule["kind"] in ("only", "reserve")
    way = f"route_way_{rule['kind']}" + ("_strict" if rule["strict"] and not loose else "")
    text = f"{' '.join(whom)}: {say(way, sims=rule['sim_names'])}"
    return text[:1].upper() + text[1:]
