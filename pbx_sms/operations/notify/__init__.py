"""Telling people and programs that a message came in: orders, delivery, and the two ways it goes."""

from pbx_sms.operations.notify.delivery import deliver_due
from pbx_sms.operations.notify.orders import list_notifications, retry, test

__all__ = ["deliver_due", "list_notifications", "retry", "test"]
