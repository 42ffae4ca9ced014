"""Sends an SMS through pbx-sms over Asterisk's manager interface: the shortest careful script.

    ami_send.py +79161234567 "Ваш заказ готов" order-84315

The order is given again with the same Id until pbx-sms has accepted or refused it: an event that is emitted
while pbx-sms is away is lost, and a repeated Id sends nothing twice. A text with line breaks or of over 1,000
octets would travel as base64 in Text64; docs/ami.md has the rest. Host, account and secret are taken from
AMI_HOST, AMI_PORT, AMI_USER and AMI_SECRET.
"""

from __future__ import annotations

import base64
import os
import socket
import sys
import time
from collections.abc import Iterator

#: an order that is not answered by then is given again
ANSWER_S = 5.0
TRIES = 12

Message = dict[str, str]


class Manager:
    """One session with the manager interface."""

    def __init__(self, host: str, port: int, username: str, secret: str) -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._unread = b""
        self.act(Action="Login", Username=username, Secret=secret, Events="user")

    def act(self, **headers: str) -> None:
        lines = [f"{name}: {value}" for name, value in headers.items()]
        self._socket.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())

    def messages(self, seconds: float) -> Iterator[Message]:
        """What comes in that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            raw, found, rest = self._unread.partition(b"\r\n\r\n")
            if found:
                self._unread = rest
                yield dict(line.partition(": ")[::2] for line in raw.decode().split("\r\n"))
                continue
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(65536)
            except TimeoutError:
                return
            if not more:
                raise ConnectionError("Asterisk has closed the session")
            self._unread += more

    def close(self) -> None:
        self._socket.close()


def send(manager: Manager, number: str, text: str, key: str) -> Message | None:
    """PbxSmsAccepted or PbxSmsFailed; None when nobody answers."""
    text64 = base64.b64encode(text.encode()).decode()
    for _ in range(TRIES):
        manager.act(Action="UserEvent", UserEvent="PbxSmsSend", To=number, Text64=text64, Id=key)
        for message in manager.messages(ANSWER_S):
            if message.get("Response") == "Error":
                raise PermissionError(message.get("Message", ""))
            if message.get("Id") != key or "Agent" not in message:
                continue
            if message["UserEvent"] == "PbxSmsAccepted":
                return message
            # with MessageId it is an earlier message's end, without it the answer to this order
            if message["UserEvent"] == "PbxSmsFailed" and "MessageId" not in message:
                if "Retry-After" not in message:
                    return message
                time.sleep(int(message["Retry-After"]))
                break
    return None


def main(number: str, text: str, key: str) -> int:
    manager = Manager(
        os.environ.get("AMI_HOST", "127.0.0.1"),
        int(os.environ.get("AMI_PORT", "5038")),
        os.environ["AMI_USER"],
        os.environ["AMI_SECRET"],
    )
    try:
        answer = send(manager, number, text, key)
    finally:
        manager.close()
    if answer is None:
        sys.stderr.write("pbx-sms does not answer\n")
        return 1
    if answer["UserEvent"] == "PbxSmsFailed":
        sys.stderr.write(f"{answer['ReasonText']}\n")
        return 1
    sys.stdout.write(f"accepted: message {answer['MessageId']}, {answer['Parts']} part(s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
