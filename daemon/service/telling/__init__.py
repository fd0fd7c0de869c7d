"""Events, and who is told of them: streams and webhooks."""
