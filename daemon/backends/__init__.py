"""Other people's mail systems behind two Protocols. May import `mail` and the foundations; services reach them by callback."""
