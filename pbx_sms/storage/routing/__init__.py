"""Which SIMs a message may take: the rules of the office, the routes that messages got, the facts."""
