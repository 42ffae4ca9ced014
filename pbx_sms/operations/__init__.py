"""Every order a person can give: one function, one write transaction, then a wake-up.

They take the database and the settings, return plain dicts with aware datetimes and reason codes, and raise
`Refused`, `NotFound` or `Conflict`, after which nothing has changed. Sentences are made by who shows them.
"""
