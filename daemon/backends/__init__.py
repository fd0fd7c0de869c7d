"""Other people's mail systems behind two Protocols.

May import `mail` and the foundations; what they need of a service reaches them as a callback.
"""
