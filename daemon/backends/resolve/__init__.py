"""Looking names up, by the resolver that is set or the system's. May import what `daemon.backends` may."""
