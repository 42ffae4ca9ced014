"""pbx-sms: an office telephone server's SIM cards as its SMS mailing service."""

__version__ = "0.1.0"
