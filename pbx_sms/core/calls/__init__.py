"""What is known of telephone calls: which were missed, who was reached, what a missed one brings."""
