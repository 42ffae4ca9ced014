"""How the handler of a command ends other than by `OK`: raised, and turned into text by the modem."""

from __future__ import annotations


class Final(Exception):
    """This final result; empty: nothing is said."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class CmeError(Exception):
    """`+CME ERROR`, in the form that `AT+CMEE` chose."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class CmsError(Exception):
    """`+CMS ERROR`."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class PromptWanted(Exception):
    """The command goes on with a PDU after the prompt."""

    def __init__(self, length: int, *, acknowledges: bool = False) -> None:
        self.length = length
        #: AT+CNMA: what is typed is thrown away
        self.acknowledges = acknowledges
        super().__init__(length)
