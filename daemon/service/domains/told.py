"""What happens next with a domain, and who has to do it: one or two sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.store.domains import DomainRow


def next_of(row: DomainRow, nameservers: Sequence[str]) -> str:
    """Return that for a domain in its mode and status."""
    verify = f"`posternctl domain verify {row.name}` looks at once."
    match row.mode, row.status:
        case "shared", _:
            return "It is ready: mailboxes can be made on it."
        case _, "live":
            return (
                "Mailboxes can be made on it. Its DKIM keys are replaced by themselves."
                if (row.mode != "manual")
                else "Mailboxes can be made on it. `posternctl domain rotate-dkim` begins to replace its DKIM keys."
            )
        case "delegated", "pending":
            return (
                f"Add these NS records to the zone above {row.name}, and nothing else. They are looked for again and "
                f"again, and once they are there it is live. {verify}"
            )
        case "manual", "pending":
            return f"Add each of these records. They are looked for again and again, and then it is live. {verify}"
        case "purchased", "requested":
            return (
                f"Register {row.name} with the name servers {', '.join(nameservers)}, then run "
                f"`posternctl domain advance {row.name}`: it will be served."
            )
        case "purchased", "registered":
            return (
                f"It is served. When the registry has its name servers, `posternctl domain advance {row.name}` makes "
                "it live."
            )
    return f"Mail may not arrive: put right what is said above. {verify}"
