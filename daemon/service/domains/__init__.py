"""Mail domains, their keys and the zones that are served of them. May import what `daemon.service` may."""
