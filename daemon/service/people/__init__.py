"""Who there is: tenants, enrollment keys, agents and their keys, operators."""
