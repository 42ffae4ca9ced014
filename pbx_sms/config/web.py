"""The section about the pages: where they are, who is believed, how long a session lasts."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pbx_sms.config.sections import Section


def _frame_ancestor(origin: str) -> str:
    """ "self", or an origin as a header may carry it."""
    if origin != "self" and not re.fullmatch(r"https?://[A-Za-z0-9.*-]+(:\d{1,5})?", origin):
        raise ValueError(f"{origin!r} is no origin; write it like https://pbx.example, or self")
    return origin


class WebSettings(Section):
    listen: Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")] = "127.0.0.1:8080"
    url_prefix: Annotated[str, Field(pattern=r"^(/[\w.-]+)*$")] = "/sms"
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    #: threads of the one web process
    threads: Annotated[int, Field(ge=4, le=256)] = 32
    #: live logs that are open at a time; whoever comes later asks every few seconds
    live_logs: Annotated[int, Field(ge=1, le=2000)] = 200
    #: a session ends when nothing was asked for so long, and after so long in any case
    session_idle_h: Annotated[float, Field(gt=0, le=24 * 31)] = 4
    session_max_h: Annotated[float, Field(gt=0, le=24 * 31)] = 12
    #: a trusted proxy names the user who is signed in to the panel in it; empty: nobody is believed
    sign_in_header: Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")] = ""
    #: of a user whom the header names and nobody knows yet; empty: such a one is refused
    sign_in_header_role: Literal["", "operator", "receptionist", "viewer"] = ""
    #: pages of these origins may show ours in a frame; "self" is our own
    frame_ancestors: tuple[Annotated[str, AfterValidator(_frame_ancestor)], ...] = ("self",)

    @model_validator(mode="after")
    def _proxies_are_known(self) -> WebSettings:
        for proxy in self.trusted_proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError:
                raise ValueError(f"trusted_proxies: {proxy!r} is no address and no network") from None
        if self.sign_in_header and not self.trusted_proxies:
            raise ValueError("sign_in_header needs trusted_proxies: nobody else is believed")
        return self
