"""When something may go, and when it comes again: hours, days off, time zones, open hours, rules of days."""
