"""A group's rule as the simple form writes it: one or two conditions, joined by "all" or "any"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pbx_sms.errors import Refused

#: tests of a field with a value, without one, and what has passed with the number
WITH_VALUE = ("is", "contains", "greater", "less")
WITHOUT_VALUE = ("filled", "empty", "birthday_this_week")
OF_THE_PAST = ("mailed_within_days", "delivered", "delivered_no", "replied", "replied_no")
TESTS = (*WITH_VALUE, *WITHOUT_VALUE, *OF_THE_PAST)
_MAX_VALUE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    test: str = ""
    field: str = ""
    value: str = ""

    def as_rule(self) -> dict[str, Any]:
        match self.test:
            case "delivered" | "replied":
                return {self.test: True}
            case "delivered_no" | "replied_no":
                return {self.test.removesuffix("_no"): False}
            case "mailed_within_days":
                # what is no number of days is told by the rule's own check
                is_number = self.value.isascii() and self.value.isdigit() and len(self.value) < 6
                return {self.test: int(self.value) if is_number else self.value}
            case "birthday_this_week":
                return {self.test: self.field}
            case "empty" | "filled":
                return {"field": self.field, "empty": self.test == "empty"}
        return {"field": self.field, self.test: self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFields:
    join: str = "all"
    conditions: tuple[Condition, Condition] = (Condition(), Condition())

    @classmethod
    def of_form(cls, form: Any) -> RuleFields:
        first, second = (
            Condition(
                test=test if (test := form.get(f"test_{place}", "")) in TESTS else "",
                field=form.get(f"field_{place}", "").strip()[:200],
                value=form.get(f"value_{place}", "").strip()[:_MAX_VALUE],
            )
            for place in (1, 2)
        )
        return cls(join="any" if form.get("join") == "any" else "all", conditions=(first, second))

    def as_rule(self) -> dict[str, Any]:
        """Raises Refused(group_rule_needs_conditions) where none is chosen."""
        chosen = [one.as_rule() for one in self.conditions if one.test]
        if not chosen:
            raise Refused("group_rule_needs_conditions", word=self.join, where="rule")
        return chosen[0] if len(chosen) == 1 else {self.join: chosen}
