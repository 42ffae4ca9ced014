"""Which SIMs a message may take: the rules as orders, and their reading when messages are made."""
