"""Who hears of what happens in a storage: subscriptions, messages, and how they are delivered."""
