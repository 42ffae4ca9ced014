"""When something may go: hours of the week, days off, time zones, and the open hours they make."""
