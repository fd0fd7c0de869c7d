"""The console: Postern on the whole screen, from the keyboard.

Views (`nouns/`) say what a noun's table shows and what can be done; one screen (`listing.py`) shows any of them. Data
comes from the public client alone, in threads (`desk.py`), and news by two streams (`live.py`): nothing here waits for
the network, and nothing asks again by the clock. Imports textual, so it is imported only by `posternctl console`.
"""
