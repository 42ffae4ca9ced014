"""People: how what is known of a person is brought together, and which people a rule selects."""
