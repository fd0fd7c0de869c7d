"""Where events are posted to: other people's HTTP servers, which are not trusted with our network."""
